namespace Headrace.Postgres;

/// <summary>A source that can be looked at without reading rows.</summary>
public interface ICheckedSource : ISource
{
    /// <summary>Looks whether a dataset can be read on from a position, with the columns that its flow names.</summary>
    /// <exception cref="HeadraceException">What a run would end with.</exception>
    Task CheckAsync(Dataset dataset, Position position, CancellationToken cancel);
}
