#pragma once

#include <string_view>

namespace isoaudit::analyzer {

/// Is this the file name of an archive that is opened: .whl, .zip, .tar and .tar.{gz,bz2,xz}, .tgz, .tbz2, .txz?
/// The ending decides, never the bytes: installers do the same.
bool is_archive_name(std::string_view name);

/// One of them that is a zip file (.whl, .zip): its members can be read one by one; of others everything before them
/// has to be unpacked.
bool is_zip_name(std::string_view name);

}  // namespace isoaudit::analyzer
