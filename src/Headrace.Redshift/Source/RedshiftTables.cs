using Headrace.Configuration;
using Headrace.Postgres;

namespace Headrace.Redshift;

/// <summary>Tables of Redshift as sources.</summary>
public static class RedshiftTables
{
    /// <summary>A table, a view or a query.</summary>
    /// <param name="staging">Where rows wait until they are fetched.</param>
    /// <param name="snapshots">For <c>read: snapshot</c>; else null.</param>
    public static TableSource Source(
        Flow flow,
        RedshiftDatabase database,
        StagingPlace staging,
        string spool,
        TimeProvider clock,
        ISnapshots? snapshots
    ) => new(flow, new RedshiftReader(flow, database, staging, clock), spool, clock, snapshots);
}
