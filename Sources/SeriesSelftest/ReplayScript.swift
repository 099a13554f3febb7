import ChildProcess
import KernelBuild

/// A script for someone who has git, make, a compiler and QEMU, and the commit; it stands beside what a patch's run left.
public struct ReplayScript: Sendable {
  let what: String
  let commit: String
  let tree: String
  let repository: String
  let target: BuildTarget

  /// Describes what is built and booted again.
  ///
  /// - Parameters:
  ///   - what: the commit in words, such as `patch 3`.
  ///   - commit: its name in hexadecimal.
  ///   - tree: the name of its tree, which is what is looked for.
  ///   - repository: where it is looked for unless the script is told.
  ///   - target: the architecture.
  public init(what: String, commit: String, tree: String, repository: String, target: BuildTarget) {
    self.what = what
    self.commit = commit
    self.tree = tree
    self.repository = repository
    self.target = target
  }

  /// The script.
  public var text: String {
    let compiler = target.crossPrefix.isEmpty ? "" : " CROSS_COMPILE=\(target.crossPrefix)"
    let make = "make -C \"$work/source\" O=\"$work/objects\" ARCH=\(target.kernelName)\(compiler)"
    return """
      #!/bin/sh
      # Builds and boots \(what) as gmemkit did: commit \(commit), tree \(tree).
      # usage: replay.sh [REPOSITORY [WORK-DIRECTORY]]
      set -eu
      here=$(cd "$(dirname "$0")" && pwd)
      repository=${1:-\(ShellQuoting.quoted(repository))}
      work=${2:-replay}
      mkdir -p "$work/source" "$work/objects"
      # make takes a relative O= from its own directory.
      work=$(cd "$work" && pwd)
      # The tree and not the commit: git am gives the same one, whoever commits and when.
      if git -C "$repository" cat-file -e \(tree)^{tree} 2>/dev/null; then
        git -C "$repository" archive \(tree) | tar -x -C "$work/source"
      else
        echo "this tree is not in $repository: apply the series there first (gmemkit apply, git am)" >&2
        exit 2
      fi
      cp "$here/config" "$work/objects/.config"
      \(make) olddefconfig
      \(make) -j"$(nproc)" \(target.image.split(separator: "/").last ?? "")

      # Each run's directory has the initramfs as it was booted, with the tests, and QEMU's command line; the kernel is the
      # one just built.
      for run in "$here"/run-*; do
        name=$(basename "$run")
        echo "== $name"
        sed -e "s|-kernel [^ ]*|-kernel $work/objects/\(target.image)|" -e "s|-initrd [^ ]*|-initrd $run/initramfs.cpio|" \\
            -e "s|path=[^ ']*/report.ktap|path=$work/$name.ktap|" "$run/qemu.sh" | sh || true
        cat "$work/$name.ktap"
      done

      """
  }
}
