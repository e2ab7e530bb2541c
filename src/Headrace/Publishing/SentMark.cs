using System.Globalization;

namespace Headrace.Publishing;

/// <summary>
/// How much of an outbox's file a stream has taken, in a file beside it. It may lag behind the stream after a crash,
/// and never leads it: operations that are sent again carry the ids that they had.
/// </summary>
internal sealed class SentMark
{
    private readonly string path;

    public SentMark(string outboxFile)
    {
        path = outboxFile + ".sent";
        Sent =
            File.Exists(path)
            && long.TryParse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out var sent)
                ? sent
                : 0;
    }

    /// <summary>Bytes of the file that were taken.</summary>
    public long Sent { get; }

    /// <summary>Says that so many bytes of the file were taken.</summary>
    public void Write(long sent)
    {
        File.WriteAllText(path + ".tmp", sent.ToString(CultureInfo.InvariantCulture));
        File.Move(path + ".tmp", path, overwrite: true);
    }
}
