namespace Headrace.Redshift;

/// <summary>Where rows wait until Redshift reads them.</summary>
/// <param name="Path">What the keys begin with; nobody else's.</param>
/// <param name="IsKept">Files stay once they are loaded.</param>
public sealed record StagingPlace(IObjectStore Store, string Path, bool IsKept)
{
    /// <summary>Where the loads of a dataset have their places.</summary>
    internal string Of(Dataset dataset) => $"{Root}{RedshiftSql.PositionTable(dataset)}/";

    /// <summary>Where releases into a table have their places.</summary>
    internal string Of(TableName target) => $"{Root}{RedshiftSql.TargetLock(target)}/";

    /// <summary>Where the rows of a dataset that is read from Redshift have their places.</summary>
    internal string OfSource(Dataset dataset) =>
        $"{Root}{RedshiftSql.PositionTable(dataset).Replace("position", "source", StringComparison.Ordinal)}/";

    /// <summary>Where copies of tables have their places.</summary>
    internal string Copies => $"{Root}copies/";

    private string Root => Path is "" or [.., '/'] ? Path : $"{Path}/";
}
