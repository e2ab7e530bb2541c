using System.Globalization;
using System.Text;

namespace Headrace.Publishing;

/// <summary>
/// Publishes operations as files of JSON lines in a folder, one file for each load. A file appears under its name when
/// it is whole; published again after a crash it has the same name and the same content.
/// </summary>
public sealed class JsonlPublisher(string folder, Outbox outbox) : IPublisher
{
    public string Address => folder;

    public async Task PublishAsync(Publication publication, CancellationToken cancel)
    {
        var from = outbox.PathOf(publication.Dataset, publication.LoadId);
        if (!File.Exists(from))
            throw Error.PublicationLost(publication, from);
        var name = NameOf(publication);
        var hidden = Path.Combine(folder, $".{name}.tmp");
        try
        {
            Directory.CreateDirectory(folder);
            await using (
                var source = new FileStream(
                    from,
                    FileMode.Open,
                    FileAccess.Read,
                    FileShare.Read,
                    bufferSize: 0,
                    useAsync: true
                )
            )
            await using (
                var copy = new FileStream(
                    hidden,
                    FileMode.Create,
                    FileAccess.Write,
                    FileShare.None,
                    bufferSize: 0,
                    useAsync: true
                )
            )
            {
                await source.CopyToAsync(copy, 1 << 20, cancel);
                copy.Flush(flushToDisk: true);
            }

            Failpoint.Hit("operations_written");
            File.Move(hidden, Path.Combine(folder, name), overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Error.PublishFailed(publication, folder, error);
        }
    }

    public Task<IReadOnlyList<Publication>> CleanAsync(
        Dataset dataset,
        IWarehouse warehouse,
        IReadOnlyList<Publication> pending,
        CancellationToken cancel
    ) => outbox.CleanAsync(dataset, warehouse, pending, cancel);

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
}
