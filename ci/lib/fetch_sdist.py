"""Fetches one file of a release through pip's own configuration (index, proxy, certificates), without building it.

usage: fetch_sdist.py PROJECT==VERSION FILENAME SHA256 DESTINATION

`pip download` would run the build of a source distribution to learn its metadata. So this asks pip's finder for the
release's links and reads the wanted one through pip's session.
"""

import hashlib
import sys

from pip._internal.commands.download import DownloadCommand


class FetchFile(DownloadCommand):
    """Runs inside pip's own main(), which reads the configuration and reports network errors."""

    def run(self, options, arguments):
        requirement, filename, sha256, destination = arguments
        project, _ = requirement.split("==")
        session = self.get_default_session(options)
        finder = self._build_package_finder(options, session)
        links = [candidate.link for candidate in finder.find_all_candidates(project)]
        link = next((link for link in links if link.filename == filename), None)
        if link is None:
            print(f"pip finds no {filename}: its index is out of reach, or has none", file=sys.stderr)
            return 2
        response = session.get(link.url_without_fragment)
        response.raise_for_status()
        found = hashlib.sha256(response.content).hexdigest()
        if found != sha256:
            print(f"{filename}: SHA-256 is {found}, expected {sha256}", file=sys.stderr)
            return 2
        with open(destination, "wb") as file:
            file.write(response.content)
        return 0


if __name__ == "__main__":
    pip_options = ["--no-deps", "--no-binary", ":all:"]
    sys.exit(FetchFile("download", "").main(pip_options + sys.argv[1:]))
