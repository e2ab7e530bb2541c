using Headrace.Configuration;

namespace Headrace.Models;

/// <summary>
/// A model as a source: its change set is its query, whose rows never leave the warehouse. There is one whenever the
/// model, or something that it reads, has changed since it was made last.
/// </summary>
/// <param name="reads">The flows and models that it reads.</param>
/// <param name="kept">Tables that it reads whose rows go once they are read.</param>
/// <param name="untold">Tables that it reads and nobody of the project loads: nobody can tell when they change.</param>
public sealed class ModelSource(
    Model model,
    IReadOnlyList<string> reads,
    IReadOnlyList<string> untold,
    IReadOnlyList<KeptRows> kept,
    IWarehouse warehouse,
    TimeProvider clock
) : ISource
{
    private readonly Dataset only = new(model.Name, model.Name, new Dictionary<string, string>());

    public string Address => model.Sql;

    // What replaces all rows makes them anew; nobody else could bring merged and added ones back.
    public bool MakesTables => model.Write == ModelWrite.Replace;

    public Task<IReadOnlyList<Dataset>> DatasetsAsync(CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<Dataset>>([only]);

    public TableName Target(Dataset dataset) => model.Table;

    public Claim? ClaimOf(Dataset dataset) => new("model", true);

    public async Task<Found> NextAsync(Dataset dataset, Position from, StageAttempt attempt, CancellationToken cancel)
    {
        // Read before the SELECT: what is loaded meanwhile is read once more by the next run, and never passed over.
        var loaded = await warehouse.LoadedAsync(reads, cancel);
        var position = new ModelPosition(
            ModelQuery.Digest(model),
            [.. reads.Select(name => (name, loaded.GetValueOrDefault(name, "0")))]
        );
        string[] reasons =
        [
            .. position.Since(from.Cursor),
            .. attempt.Pending.Select(name => $"'{name}' would load before"),
            .. untold.Select(table => $"nobody can tell when {table} changes, which it reads"),
            .. attempt.IsConfirmed ? ["it was asked for"] : Array.Empty<string>(),
            .. from is { Table: null, Generation: > 0 } ? [$"{model.Table} is gone"] : Array.Empty<string>(),
        ];
        if (reasons.Length == 0)
            return new Found(null, [], []) { IsLast = true };
        var changes = new ChangeSet
        {
            Id = Id.New("l", clock),
            Dataset = dataset,
            Target = model.Table,
            Operation = model.Write switch
            {
                ModelWrite.Replace => Operation.Replace,
                ModelWrite.Merge => Operation.Merge,
                ModelWrite.Scd2 => Operation.Events,
                _ => Operation.Append,
            },
            From = from,
            Format = new FileFormat(FormatKind.Csv),
            Rules = model.Rules() with { MinRows = attempt.IsConfirmed ? 0 : model.MinRows },
            Cursor = position.ToString(),
            Model = ModelQuery.Of(model) with
            {
                Pending = attempt.Pending,
                Kept = [.. kept.Where(table => loaded.ContainsKey(table.Flow))],
            },
        };
        return new Found(changes, [], attempt.IsPlan ? [$"would run: {string.Join("; ", reasons)}"] : [])
        {
            IsLast = true,
        };
    }

    public void Release(Dataset dataset) { }
}
