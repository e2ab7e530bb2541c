namespace Headrace.Hosting;

/// <summary>A page of files on record, and where the next one begins.</summary>
/// <param name="Next">For the next page; null for the last one.</param>
public sealed record FilesPage(IReadOnlyList<LandedFile> Files, IReadOnlyList<FilePlace?>? Next);

/// <summary>The files that warehouses have on record, and what checks found in them.</summary>
/// <param name="isReadOnly">False for who has the warehouses open to write.</param>
public sealed class FilesService(ProjectHost host, bool isReadOnly = true)
{
    /// <summary>Files of all warehouses, the newest first.</summary>
    /// <param name="after">Where the page before ended, by warehouse; null for the first page.</param>
    public async Task<FilesPage> FilesAsync(FileQuery query, IReadOnlyList<FilePlace?>? after, CancellationToken cancel)
    {
        var places = new List<FilePlace?>();
        var found = new List<(LandedFile File, int Warehouse)>();
        foreach (var warehouse in host.Warehouses.All(isReadOnly).OfType<ILoadHistory>())
        {
            var place = after?.ElementAtOrDefault(places.Count);
            var one = query with { After = place, Most = query.Most + 1 };
            found.AddRange((await warehouse.FilesAsync(one, cancel)).Select(file => (file, places.Count)));
            places.Add(place);
        }

        var page = found.OrderByDescending(one => one.File.Place.LandedAt).Take(query.Most).ToList();
        foreach (var (file, warehouse) in page)
            places[warehouse] = file.Place;
        return new FilesPage([.. page.Select(one => one.File)], found.Count > query.Most ? places : null);
    }

    /// <summary>What checks found, the newest first.</summary>
    public async Task<IReadOnlyList<CheckRecord>> ChecksAsync(CheckQuery query, CancellationToken cancel)
    {
        if (query.Of is { } of && !host.Project.Models.ContainsKey(of))
            host.FlowOf(of);
        var found = new List<CheckRecord>();
        foreach (var warehouse in host.Warehouses.All(isReadOnly).OfType<ILoadHistory>())
            found.AddRange(await warehouse.ChecksAsync(query, cancel));
        return [.. found.OrderByDescending(one => one.CheckedAt).Take(query.Most)];
    }
}
