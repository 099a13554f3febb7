import ByteText
import Findings
import KernelBuild
import KernelTree
import SelftestPlan
import SystemPackage
import VirtualMachine

/// What a run leaves behind so that it can be read and repeated without gmemkit.
struct RunRecord {
  let suite: SeriesSelftest
  let output: FilePath
  let make: KernelMake

  func write(_ report: SelftestReport) throws(BuildError) {
    try output.appending("result.json").write(report.json.document)
    try output.appending("report.txt").write(Array(report.text.utf8))
    try output.appending("commands.sh").write(
      Array(("#!/bin/sh\n" + make.history.lines.joined(separator: "\n") + "\n").utf8))
    for subject in suite.tested {
      let directory = output.appending("patch-\(subject.number)")
      guard directory.exists else { continue }
      try directory.appending("replay.sh").write(Array(replay(subject).utf8), mode: 0o755)
    }
  }

  /// A script for someone who has git, make, a compiler and QEMU, and the commit.
  private func replay(_ subject: SelftestSubject) -> String {
    let target = suite.architecture.target
    let source = "\"$work/source\""
    let objects = "\"$work/objects\""
    let compiler = target.crossPrefix.isEmpty ? "" : " CROSS_COMPILE=\(target.crossPrefix)"
    let make = "make -C \(source) O=\(objects) ARCH=\(target.kernelName)\(compiler)"
    return """
      #!/bin/sh
      # Builds and boots \(subject.number == 0 ? "the base" : "patch \(subject.number)") as gmemkit did: commit \(subject.commit.hex), tree \(subject.tree.hex).
      # usage: replay.sh [REPOSITORY [WORK-DIRECTORY]]
      set -eu
      here=$(cd "$(dirname "$0")" && pwd)
      repository=${1:-\(suite.repository.path)}
      work=${2:-$PWD/replay}
      mkdir -p "$work/source" "$work/objects"
      # The tree and not the commit: git am gives the same one, whoever commits and when.
      if git -C "$repository" cat-file -e \(subject.tree.hex)^{tree} 2>/dev/null; then
        git -C "$repository" archive \(subject.tree.hex) | tar -x -C "$work/source"
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

  /// A run's name as a file's.
  static func fileName(_ name: String) -> String {
    String(name.map { $0.isLetter || $0.isNumber || $0 == "." || $0 == "-" || $0 == "_" ? $0 : "-" })
  }
}
