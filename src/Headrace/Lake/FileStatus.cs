namespace Headrace.Lake;

/// <summary>What an entry of a folder is.</summary>
internal enum FileKind
{
    Regular,
    Folder,
    Link,
    Fifo,
    Socket,
    Device,
}

/// <summary>What tells one version of a file from another without reading it.</summary>
internal readonly record struct FileStatus(
    FileKind Kind,
    long Size,
    long ModifiedTicks,
    uint ModifiedNanoseconds,
    long ChangedTicks,
    uint ChangedNanoseconds,
    ulong Inode
)
{
    public DateTimeOffset ModifiedAt => new(ModifiedTicks, TimeSpan.Zero);

    /// <summary>When it came under its name, or was written to: a rename changes the change time alone.</summary>
    public DateTimeOffset ArrivedAt => new(Math.Max(ModifiedTicks, ChangedTicks), TimeSpan.Zero);

    /// <summary>
    /// On Linux the change time, which no program can set back, and the inode, which a replacing rename changes, are in
    /// it; elsewhere size and write time must do.
    /// </summary>
    public string Stamp =>
        $"{Size:x}-{ModifiedTicks:x}.{ModifiedNanoseconds:x}-{ChangedTicks:x}.{ChangedNanoseconds:x}-{Inode:x}";

    /// <summary>For platforms without statx.</summary>
    public static FileStatus? Of(FileSystemInfo info)
    {
        info.Refresh();
        if (!info.Exists && info.LinkTarget is null)
            return null;
        var kind =
            info.LinkTarget is not null || info.Attributes.HasFlag(FileAttributes.ReparsePoint) ? FileKind.Link
            : info.Attributes.HasFlag(FileAttributes.Directory) ? FileKind.Folder
            : info.Attributes.HasFlag(FileAttributes.Device) ? FileKind.Device
            : FileKind.Regular;
        return new FileStatus(
            kind,
            info is FileInfo file && kind == FileKind.Regular ? file.Length : 0,
            info.LastWriteTimeUtc.Ticks,
            0,
            0,
            0,
            0
        );
    }
}
