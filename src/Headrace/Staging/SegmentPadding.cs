using System.Buffers;

namespace Headrace.Staging;

/// <summary>
/// Gives every record of a finished segment the same number of fields. Only for JSON whose later objects bring
/// properties that earlier ones did not have.
/// </summary>
internal static class SegmentPadding
{
    private static readonly SearchValues<byte> Stops = SearchValues.Create([(byte)',', (byte)'"', (byte)'\n']);

    /// <summary>
    /// Rewrites the segment with an empty field for each column that a record lacks; says where it is now.
    /// </summary>
    public static string Pad(string path, string padded, int columns, Unlinked? unlinked = null)
    {
        string written;
        using (var from = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0))
        using (var to = new SpoolFile(padded, new byte[1 << 20], unlinked))
        {
            var buffer = new byte[1 << 20];
            var isQuoted = false;
            var commas = 0;
            for (int read; (read = from.Read(buffer)) > 0; )
            {
                var rest = buffer.AsSpan(0, read);
                while (rest.Length > 0)
                {
                    var at = rest.IndexOfAny(Stops);
                    if (at < 0)
                    {
                        to.Write(rest);
                        break;
                    }

                    to.Write(rest[..at]);
                    switch (rest[at])
                    {
                        case (byte)'"':
                            isQuoted = !isQuoted; // a doubled quote turns it twice
                            break;
                        case (byte)',' when !isQuoted:
                            commas++;
                            break;
                        case (byte)'\n' when !isQuoted:
                            for (; commas < columns; commas++) // the line number is one field more
                                to.Write((byte)',');
                            commas = 0;
                            break;
                    }

                    to.Write(rest[at]);
                    rest = rest[(at + 1)..];
                }
            }

            to.Close();
            written = to.Path;
        }

        if (unlinked is not null)
            return written;
        File.Move(padded, path, overwrite: true);
        return path;
    }
}
