extension Architecture {
  /// x86-64 on microvm, which has no PCI, ACPI or option ROM to wait for, or on q35.
  ///
  /// `-cpu max` under TCG has SVM with nested paging, so KVM works in the guest. The report goes out on a second 8250: the
  /// console needs that driver anyway, a virtio port would need two more.
  public static let x86_64 = Architecture(
    name: "x86_64",
    kernelName: "x86_64",
    debianName: "amd64",
    toolchainPrefix: "x86_64-linux-gnu-",
    emulator: "qemu-system-x86_64",
    emulatorPackage: "qemu-system-x86",
    emulatedProcessor: "max",
    smallMachine: Machine(
      name: "microvm",
      arguments: [
        "-machine", "microvm,acpi=off,rtc=on,pit=on,pic=on,isa-serial=off",
        "-device", "isa-serial,chardev=console,index=0",
        "-device", "isa-serial,chardev=results,index=1",
      ],
      kernelOptions: [
        .init(line: "CONFIG_X86_MPPARSE=y", reason: "processors and interrupts without ACPI come from the MP table")
      ]),
    fullMachine: Machine(
      name: "q35",
      arguments: ["-machine", "q35", "-serial", "chardev:console", "-serial", "chardev:results"],
      kernelOptions: [
        .init(line: "CONFIG_X86_PM_TIMER=y", reason: "on a busy host other clocks are calibrated wrong without it")
      ]),
    kernelImage: "arch/x86/boot/bzImage",
    resultsDevice: "/dev/ttyS1",
    // 256 legacy pty devices cost an emulated guest a second. reboot=t resets by triple fault, the one way that needs no device; panic=-1 does so at once.
    commandLine: [
      "console=ttyS0,115200", "earlyprintk=serial,ttyS0,115200", "reboot=t", "panic=-1", "loglevel=6", "tsc=reliable",
      "no_timer_check", "pty.legacy_count=0", "rdinit=/init",
    ],
    clockParameter: "tsc_early_khz",
    finish: .reset,
    kernelOptions: KernelOption.common + [
      .init(line: "CONFIG_64BIT=y", reason: "the tests are 64-bit"),
      .init(line: "CONFIG_SERIAL_8250=y", reason: "console and report are 8250 UARTs"),
      .init(line: "CONFIG_SERIAL_8250_CONSOLE=y", reason: "console on ttyS0"),
      .init(line: "CONFIG_EARLY_PRINTK=y", reason: "a panic before the console is up is seen"),
      .init(line: "CONFIG_KERNEL_GZIP=y", reason: "unpacks fast under emulation, xz takes a second longer"),
    ])
}
