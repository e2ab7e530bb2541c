namespace Headrace;

/// <summary>What an operating system says about a full disk.</summary>
public static class Disk
{
    private const int NoSpaceLeft = 28; // ENOSPC
    private const int QuotaExceeded = 122; // EDQUOT on Linux
    private const int DiskFull = unchecked((int)0x80070070); // Windows: ERROR_DISK_FULL

    public static bool IsFull(Exception? error) =>
        error is not null
        && (
            error is IOException { HResult: NoSpaceLeft or QuotaExceeded or DiskFull }
            || error.Message.Contains("No space left on device", StringComparison.OrdinalIgnoreCase)
            || IsFull(error.InnerException)
        );
}
