import ChildProcess

/// One architecture a guest can have, as data: adding one is adding a file with one value of this type to ``all``.
public struct Architecture: Sendable, Hashable {
  /// How the machine ends after the last test.
  public enum Finish: String, Sendable, Hashable {
    /// A reset; with `-no-reboot` it ends QEMU and needs no firmware interface.
    case reset
    /// A power-off through firmware (ACPI, PSCI).
    case poweroff
  }

  /// A Kconfig option that a guest cannot do without, and why.
  public struct KernelOption: Sendable, Hashable {
    /// The line of a config fragment, such as `CONFIG_TTY=y`.
    public let line: String
    /// Why the guest needs it, in a few words.
    public let reason: String
  }

  /// A machine type of QEMU and the arguments that select it.
  public struct Machine: Sendable, Hashable {
    /// Its name in reports.
    public let name: String
    /// Arguments for QEMU: the machine and its two character devices, whose backends are `console` and `results`.
    public let arguments: [String]
    /// What the kernel needs for it, besides ``Architecture/kernelOptions``.
    public let kernelOptions: [KernelOption]
  }

  /// The name users give, as `uname -m` prints it.
  public let name: String
  /// The value of `ARCH=` in a kernel build.
  public let kernelName: String
  /// Debian's name of it, as in the names of its cross packages.
  let debianName: String
  /// The prefix of the compiler on a machine of another architecture; see ``crossPrefix``.
  let toolchainPrefix: String
  /// The emulator's executable.
  public let emulator: String
  /// The Debian package that holds ``emulator``.
  public let emulatorPackage: String
  /// The processor under TCG; the one that emulates hardware virtualisation.
  public let emulatedProcessor: String
  /// The smallest machine that boots.
  public let smallMachine: Machine
  /// The machine for a plan that needs PCI or ACPI.
  public let fullMachine: Machine
  /// The kernel image as QEMU loads it, relative to the object directory, and the make target that builds it.
  public let kernelImage: String
  /// The file in the guest that takes the report.
  public let resultsDevice: String
  /// The kernel command line.
  public let commandLine: [String]
  /// The parameter that tells the kernel the frequency of its time stamp counter in kHz: ``smallMachine`` has nothing to
  /// calibrate it against, and an emulator that is kept waiting makes it wrong elsewhere; see ``GuestInit/clockKHz``.
  public let clockParameter: String?
  /// How the guest ends itself.
  public let finish: Finish
  /// What every guest kernel must have.
  public let kernelOptions: [KernelOption]

  /// All architectures there are.
  public static let all: [Architecture] = [.x86_64, .arm64]

  /// The architecture called `name`, or `nil`; `aarch64` is `arm64`, `amd64` is `x86_64`.
  public static func named(_ name: String) -> Architecture? {
    let aliases = ["aarch64": "arm64", "amd64": "x86_64", "x86": "x86_64"]
    let wanted = aliases[name] ?? name
    return all.first { $0.name == wanted }
  }

  /// The architecture this program runs on, if guests of it are known.
  public static var host: Architecture? {
    #if arch(x86_64)
      .x86_64
    #elseif arch(arm64)
      .arm64
    #else
      nil
    #endif
  }

  /// The value of `CROSS_COMPILE=`: empty where the host's own compiler does it.
  public var crossPrefix: String { Architecture.host == self ? "" : toolchainPrefix }

  /// The compiler for programs that run in the guest.
  public var compiler: String { crossPrefix + "gcc" }

  /// Whether everything is installed that builds and boots a guest, so that a missing emulator is known before a kernel
  /// is built for it.
  ///
  /// - Throws: ``MachineError`` that names the program and the command that installs it.
  public func verifyTools() throws(MachineError) {
    guard ChildCommand(compiler).executablePath != nil else {
      throw MachineError(
        code: .toolMissing, subject: compiler, reason: "install it with 'apt-get install \(compilerPackages)'")
    }
    guard ChildCommand(emulator).executablePath != nil else { throw emulatorMissing(emulator) }
  }

  /// The Debian packages that hold ``compiler`` and its C library.
  var compilerPackages: String {
    crossPrefix.isEmpty ? "gcc libc6-dev" : "gcc-\(crossPrefix.dropLast()) libc6-dev-\(debianName)-cross"
  }

  func emulatorMissing(_ program: String) -> MachineError {
    MachineError(
      code: .emulatorMissing, subject: program,
      reason: "install it with 'apt-get install \(emulatorPackage)'")
  }
}

extension Architecture.KernelOption {
  /// What init needs on any architecture.
  static let common: [Architecture.KernelOption] = [
    .init(
      line: "CONFIG_CC_OPTIMIZE_FOR_PERFORMANCE=y",
      reason: "built as kernels are; an emulated guest starts 30 % sooner than with -Os"),
    .init(line: "CONFIG_BLK_DEV_INITRD=y", reason: "the root file system is an initramfs"),
    .init(line: "CONFIG_BINFMT_ELF=y", reason: "init and the tests are ELF executables"),
    .init(line: "CONFIG_PRINTK=y", reason: "the console log is evidence"),
    .init(line: "CONFIG_TTY=y", reason: "console and report are character devices"),
    .init(line: "CONFIG_DEVTMPFS=y", reason: "device nodes without a device manager"),
    .init(line: "CONFIG_PROC_FS=y", reason: "tests and taint state"),
    .init(line: "CONFIG_SYSFS=y", reason: "module parameters"),
    .init(line: "CONFIG_SHMEM=y", reason: "memfd and tmpfs"),
    .init(line: "CONFIG_TMPFS=y", reason: "/tmp of the tests"),
    .init(line: "CONFIG_FUTEX=y", reason: "threads of the tests"),
    .init(line: "CONFIG_POSIX_TIMERS=y", reason: "timeouts"),
    .init(line: "CONFIG_MULTIUSER=y", reason: "tests check capabilities"),
  ]
}
