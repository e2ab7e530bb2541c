using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Headrace.Lake;

/// <summary>
/// The three system calls of Linux that .NET lacks: status with inode and change time in one call, and opening
/// relative to a folder without following a link.
/// </summary>
internal static partial class UnixFile
{
    public const int NotPermitted = 1,
        NoEntry = 2,
        NoDevice = 6,
        AccessDenied = 13,
        NotDirectory = 20,
        TooManyLinks = 40;

    private const int AtCurrentFolder = -100,
        AtSymlinkNoFollow = 0x100,
        AtEmptyPath = 0x1000,
        BasicStatus = 0x7ff;
    private const int NonBlock = 0x800,
        CloseOnExec = 0x80000,
        PathOnly = 0x200000;

    // The two flags whose values the architectures do not share.
    private static readonly bool ArmFlags =
        RuntimeInformation.ProcessArchitecture
        is Architecture.Arm
            or Architecture.Arm64
            or Architecture.Armv6
            or Architecture.Ppc64le;
    private static readonly int Directory = ArmFlags ? 0x4000 : 0x10000;
    private static readonly int NoFollow = ArmFlags ? 0x8000 : 0x20000;

    /// <summary>
    /// Opens a folder only as a place to start from; a link is followed when <paramref name="follow"/>.
    /// </summary>
    public static SafeFileHandle OpenFolder(SafeFileHandle? parent, string name, bool follow, out int error) =>
        Open(parent, name, PathOnly | Directory | CloseOnExec | (follow ? 0 : NoFollow), out error);

    /// <summary>Opens a file for reading, never through a link, never waiting for the other end of a FIFO.</summary>
    public static SafeFileHandle OpenFile(SafeFileHandle parent, string name, out int error) =>
        Open(parent, name, NoFollow | NonBlock | CloseOnExec, out error);

    /// <summary>
    /// The status of an entry of a folder; of a link itself, not of what it names. Returns 0 or the error number.
    /// </summary>
    public static int Look(SafeFileHandle folder, string name, out FileStatus status) =>
        Look(folder, name, AtSymlinkNoFollow, out status);

    /// <summary>The status of what is open. Returns 0 or the error number.</summary>
    public static int Look(SafeFileHandle file, out FileStatus status) => Look(file, "", AtEmptyPath, out status);

    private static SafeFileHandle Open(SafeFileHandle? parent, string name, int flags, out int error)
    {
        var (at, added) = Hold(parent);
        try
        {
            int opened;
            do
            {
                opened = OpenAt(at, name, flags);
                error = opened < 0 ? Marshal.GetLastPInvokeError() : 0;
            } while (error == 4); // interrupted
            return new SafeFileHandle(opened, ownsHandle: true);
        }
        finally
        {
            if (added)
                parent!.DangerousRelease();
        }
    }

    private static int Look(SafeFileHandle handle, string name, int flags, out FileStatus status)
    {
        var (at, added) = Hold(handle);
        try
        {
            if (StatX(at, name, flags, BasicStatus, out var raw) != 0)
            {
                status = default;
                return Marshal.GetLastPInvokeError();
            }

            var kind = (raw.Mode & 0xF000) switch
            {
                0x8000 => FileKind.Regular,
                0x4000 => FileKind.Folder,
                0xA000 => FileKind.Link,
                0x1000 => FileKind.Fifo,
                0xC000 => FileKind.Socket,
                _ => FileKind.Device,
            };
            status = new FileStatus(
                kind,
                (long)raw.Size,
                Ticks(raw.Modified),
                raw.Modified.Nanoseconds,
                Ticks(raw.Changed),
                raw.Changed.Nanoseconds,
                raw.Inode
            );
            return 0;
        }
        finally
        {
            if (added)
                handle.DangerousRelease();
        }
    }

    private static long Ticks(Time time) =>
        DateTime.UnixEpoch.Ticks + (time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / 100);

    private static (int Descriptor, bool Added) Hold(SafeFileHandle? handle)
    {
        var added = false;
        handle?.DangerousAddRef(ref added);
        return (handle is null ? AtCurrentFolder : (int)handle.DangerousGetHandle(), added);
    }

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(int folder, string name, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string name, int flags, uint mask, out Raw status);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Time
    {
        public readonly long Seconds;
        public readonly uint Nanoseconds;
        private readonly int spare;
    }

    // struct statx of the kernel's interface, the same on every architecture.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private readonly struct Raw
    {
        [FieldOffset(28)]
        public readonly ushort Mode;

        [FieldOffset(32)]
        public readonly ulong Inode;

        [FieldOffset(40)]
        public readonly ulong Size;

        [FieldOffset(96)]
        public readonly Time Changed;

        [FieldOffset(112)]
        public readonly Time Modified;
    }
}
