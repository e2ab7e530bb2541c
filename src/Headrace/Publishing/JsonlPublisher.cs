using System.Globalization;
using System.Text;

namespace Headrace.Publishing;

/// <summary>
/// Publishes operations as files of JSON lines in a folder, one file for each load. A file appears under its name when
/// it is whole; published again after a crash it has the same name and the same content.
/// </summary>
public sealed class JsonlPublisher(string folder) : IPublisher
{
    public string Address => folder;

    public IPublishing Begin(Publication publication) => new WrittenFile(folder, NameOf(publication));

    /// <summary>The file of a load: the dataset, the number of the batch (files sort by it), the load.</summary>
    public static string NameOf(Publication publication) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Plain(publication.Dataset.Name)}-{publication.Generation:D8}-{publication.LoadId}.jsonl"
        );

    // Letters and digits stay, / becomes a point; a name that loses something by that gets its hash, so that no two are
    // one.
    private static string Plain(string dataset)
    {
        var text = new StringBuilder();
        foreach (var letter in dataset)
            text.Append(
                char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' ? letter
                : letter == '/' ? '.'
                : '_'
            );
        var plain = text.Length > 120 ? text.ToString(0, 120) : text.ToString();
        return plain.Replace('.', '/') == dataset ? plain : $"{plain}-{Outbox.Hash(dataset)}";
    }

    private sealed class WrittenFile : IPublishing
    {
        private readonly string hidden;
        private readonly string path;
        private readonly FileStream file;

        public WrittenFile(string folder, string name)
        {
            Directory.CreateDirectory(folder);
            (hidden, path) = (Path.Combine(folder, $".{name}.tmp"), Path.Combine(folder, name));
            file = new(hidden, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20, useAsync: true);
        }

        public int MostOperations => 10_000;

        public bool KeepsWhatWasSent => false;

        public async Task<Unsent> SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> operations, CancellationToken cancel)
        {
            foreach (var operation in operations)
            {
                await file.WriteAsync(operation, cancel);
                file.WriteByte((byte)'\n');
            }

            return Unsent.None;
        }

        public async Task CompleteAsync(CancellationToken cancel)
        {
            await file.FlushAsync(cancel);
            file.Flush(flushToDisk: true);
            await file.DisposeAsync();
            Failpoint.Hit("operations_written");
            File.Move(hidden, path, overwrite: true);
        }

        public ValueTask DisposeAsync() => file.DisposeAsync();
    }
}
