def text_of(path):
    try:
        if os.path.getsize(path) > LARGEST_FILE:
            return None
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def read_setup_py(project, content):
    reader = SetupReader(project)
    try:
        reader.read(ast.parse(content))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        project.whole = False


def read_pyproject(project, content):
    try:
        settings = tomllib.loads(content.decode())
    except (ValueError, RecursionError):
        project.whole = False
        return
    tool = settings.get("tool", {}).get("setuptools", {})
    if "build_ext" in str(tool.get("cmdclass", "")):
        project.whole = False
    for entry in tool.get("ext-modules", []):
        extension = Extension()
        extension.sources = [str(source) for source in entry.get("sources", [])]
        extension.include_dirs = [str(folder) for folder in entry.get("include-dirs", [])]
        extension.flags = macros(entry.get("define-macros", []))
        extension.flags += ["-U" + str(name) for name in entry.get("undef-macros", [])]
        extension.flags += [str(word) for word in entry.get("extra-compile-args", [])]
        project.extensions.append(extension)


def read_setup_cfg(project, content):
    settings = configparser.RawConfigParser()
    try:
        settings.read_string(content.decode())
    except (configparser.Error, ValueError):
        return
    split = re.compile(r"[,:\s]+").split
    if settings.has_option("build_ext", "include_dirs"):
        project.include_dirs += [f for f in split(settings.get("build_ext", "include_dirs")) if f]
    if settings.has_option("build_ext", "define"):
        project.flags += ["-D" + name for name in split(settings.get("build_ext", "define")) if name]


def standards(project, language, version, flags):
    """An older C++ than the compiler's own is what a project is content with, not what it wants."""
    project.whole = False
    number = re.search(r"\d\d$", version)
    if number and (language == "c" or 17 < int(number[0]) < 90):
        flags.append("-std=" + version)


def read_meson(project, content):
    text = content.decode(errors="replace")
    for option, language, flags in (("c_std", "c", project.c_flags), ("cpp_std", "c++", project.cxx_flags)):
        found = re.search(option + r"\s*=\s*([\w+]+)", text)
        standards(project, language, found[1] if found else "", flags)


def read_cmake(project, content):
    text = content.decode(errors="replace")
    for name, language, flags in (("C", "c", project.c_flags), ("CXX", "c++", project.cxx_flags)):
        found = re.search(rf"CMAKE_{name}_STANDARD\s+(\d+)|{name.lower()}_std_(\d+)", text)
        standards(project, language, f"gnu{language[1:]}{found[1] or found[2]}" if found else "", flags)


def installed_includes(project, content):
    """Headers of what the build asks for, where this Python has it installed."""
    try:
        wanted = tomllib.loads((content or b"").decode()).get("build-system", {}).get("requires", [])
    except ValueError:
        wanted = []
    names = {re.match(r"[\w.-]*", str(line))[0].replace("-", "_").lower() for line in wanted}
    for name in sorted(names | {"numpy", "pybind11", "nanobind", "cppy"}):
        for folder in site.getsitepackages():
            for inner in ("include", "_core/include", "core/include"):
                path = os.path.join(folder, name, inner)
                if name and os.path.isdir(path) and path not in project.flags:
                    project.flags += ["-idirafter", path]


READERS = {
    "setup.py": read_setup_py,
    "pyproject.toml": read_pyproject,
    "setup.cfg": read_setup_cfg,
    "meson.build": read_meson,
    "CMakeLists.txt": read_cmake,
}


def has_build_file(folder):
    return any(os.path.isfile(os.path.join(folder, name)) for name in BUILD_FILES)


def project_folders(root):
    """The root's own, those right below it (an unpacked archive), else the nearest above it within its repository."""
    folder = root if os.path.isdir(root) else os.path.dirname(root)
    if has_build_file(folder):
        return [folder]
    if os.path.isdir(root):
        below = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if not name.startswith(".")]
        found = [path for path in below if os.path.isdir(path) and not os.path.islink(path) and has_build_file(path)]
        if found:
            return found
    for _ in range(6):
        if os.path.exists(os.path.join(folder, ".git")) or os.path.dirname(folder) == folder:
            break
        folder = os.path.dirname(folder)
        if has_build_file(folder):
            return [folder]
    return []


def main():
    projects = {}
    for root in sys.argv[1:]:
        for folder in project_folders(os.path.realpath(root)):
            if folder in projects:
                continue
            project = projects[folder] = Project(folder)
            for name, read in READERS.items():
                content = text_of(os.path.join(folder, name))
                if content is not None:
                    before = (len(project.extensions), list(project.flags), list(project.c_flags), list(project.cxx_flags))
                    read(project, content)
                    after = (len(project.extensions), project.flags, project.c_flags, project.cxx_flags)
                    if before != after or project.include_dirs:
                        project.read.append(name)
            installed_includes(project, text_of(os.path.join(folder, "pyproject.toml")))
    with open(3, "w") as answer:
        json.dump([projects[folder].as_json() for folder in sorted(projects)], answer)


main()
