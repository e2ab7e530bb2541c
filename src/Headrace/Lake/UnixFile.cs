using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Headrace.Lake;

/// <summary>
/// The system calls of Linux that .NET lacks: status with inode and change time in one call, and opening, renaming and
/// removing relative to a folder without following a link.
/// </summary>
internal static partial class UnixFile
{
    public const int NotPermitted = 1,
        NoEntry = 2,
        NoDevice = 6,
        AccessDenied = 13,
        Exists = 17,
        NotDirectory = 20,
        Invalid = 22,
        NoCall = 38,
        TooManyLinks = 40;

    private const int AtCurrentFolder = -100,
        AtSymlinkNoFollow = 0x100,
        AtEmptyPath = 0x1000,
        BasicStatus = 0x7ff;
    private const uint NoReplace = 1;
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

    /// <summary>Makes a folder in a folder. Returns 0 or the error number.</summary>
    public static int MakeFolder(SafeFileHandle folder, string name) =>
        Within(folder, at => MakeDirectoryAt(at, name, 0x1FF)); // less what the user's mask takes

    /// <summary>Removes the name of a file from its folder. Returns 0 or the error number.</summary>
    public static int Remove(SafeFileHandle folder, string name) => Within(folder, at => UnlinkAt(at, name, 0));

    /// <summary>
    /// Renames a file, and never over another one. Returns 0 or the error number, <see cref="Exists"/> when there is
    /// another one.
    /// </summary>
    public static int Move(SafeFileHandle folder, string name, SafeFileHandle to, string newName)
    {
        var error = Within(folder, from => Held(to, at => RenameAt2(from, name, at, newName, NoReplace)));
        // Some file systems, of networks mostly, have only the rename that replaces.
        return error is not (Invalid or NoCall) ? error
            : Look(to, newName, out _) == 0 ? Exists
            : Within(folder, from => Held(to, at => RenameAt(from, name, at, newName)));
    }

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

    private static int Within(SafeFileHandle folder, Func<int, int> call) =>
        Held(folder, call) == 0 ? 0 : Marshal.GetLastPInvokeError();

    // The call's own answer; the error number stays where the system put it.
    private static int Held(SafeFileHandle folder, Func<int, int> call)
    {
        var (at, added) = Hold(folder);
        try
        {
            return call(at);
        }
        finally
        {
            if (added)
                folder.DangerousRelease();
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

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeDirectoryAt(int folder, string name, uint mode);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnlinkAt(int folder, string name, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(int folder, string name, int to, string newName);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int folder, string name, int to, string newName, uint flags);

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
