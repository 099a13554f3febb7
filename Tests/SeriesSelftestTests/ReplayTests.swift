import Foundation
import KernelBuild
import SeriesSelftest
import TestSupport
import Testing

struct ReplayTests {
  /// A kernel whose makefile copies its configuration into its image, and a QEMU that reports what it was given.
  @Test(
    "what a run left is built and booted again, from anywhere, with a work directory of any name",
    arguments: [true, false])
  func replay(isRelative: Bool) throws {
    let git = try GitFixture()
    try git.write(
      "Makefile", "olddefconfig:\nbzImage:\n\tmkdir -p $(O)/arch/x86/boot; cp $(O)/.config $(O)/arch/x86/boot/bzImage\n"
    )
    let commit = try git.commit("kernel")
    let tree = try git.git("rev-parse", "HEAD^{tree}")
    let bench = NSTemporaryDirectory() + "gmemkit-replay-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: bench) }
    let run = bench + "/patch-1/run-default"
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: URL(filePath: bench + "/" + name))
    }
    let target = BuildTarget(kernelName: "x86_64", image: "arch/x86/boot/bzImage")
    try write(
      "patch-1/replay.sh",
      ReplayScript(what: "patch 1", commit: commit, tree: tree, repository: git.path, target: target).text)
    try write("patch-1/config", "CONFIG_X=y\n")
    try write("patch-1/run-default/initramfs.cpio", "tests\n")
    try write("qemu", "cat \"$2\" \"$4\" >\"${6#file,path=}\"\n")
    try write(
      "patch-1/run-default/qemu.sh",
      "#!/bin/sh\nexec sh \(bench)/qemu -kernel /old/bzImage -initrd /old/initramfs.cpio -chardev file,path=/old/report.ktap\n"
    )

    let work = isRelative ? "again" : bench + "/again"
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [bench + "/patch-1/replay.sh", git.path, work]
    process.currentDirectoryURL = URL(filePath: bench)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(text.hasSuffix("== run-default\nCONFIG_X=y\ntests\n"), "\(text)")
  }
}
