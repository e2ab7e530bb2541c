using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>Users' own queries: what columns they have, and what the database has against them.</summary>
internal static class UserQueries
{
    /// <summary>The columns of a query's result, with the types of columns for it.</summary>
    /// <param name="typeOf">The column type of a type by its name, and what a column of it is made with; null for
    /// none.</param>
    public static Task<IReadOnlyList<TargetColumn>> DescribeAsync(
        NpgsqlConnection db,
        string query,
        Func<string, (ColumnType Type, string Written)?> typeOf,
        CancellationToken cancel
    ) =>
        db.ColumnsAsync<IReadOnlyList<TargetColumn>>(
            query,
            reader =>
                [
                    .. Enumerable
                        .Range(0, reader.FieldCount)
                        .Select(i =>
                        {
                            var (name, found) = (
                                reader.GetName(i),
                                reader.GetDataTypeName(i).Replace(", ", ",", StringComparison.Ordinal)
                            );
                            return typeOf(found) is (var type, var written)
                                ? new TargetColumn(name, written, type, null, true, false)
                                : new TargetColumn(name, found, null, null, true, false);
                        }),
                ],
            cancel
        );

    /// <summary>What the database has against a statement; null for what is none of its text.</summary>
    /// <param name="isPassing">True for what goes away by itself.</param>
    public static StatementFault? FaultOf(Exception error, string statement, Func<PostgresException, bool> isPassing) =>
        error
            is PostgresException
            {
                SqlState: ['0', 'A', ..] or ['2', '0' or '1' or '2' or '3', ..] or ['3', 'F', ..] or ['4', '2', ..]
            } refused
        && !isPassing(refused)
            ? new StatementFault(
                $"{refused.SqlState} {refused.MessageText}",
                StatementFault.LineOf(statement, refused.Position),
                refused.SqlState switch
                {
                    ['3', 'F', ..] or "42P01" => MissingName.Table,
                    "42703" or "42883" => MissingName.Column,
                    _ => MissingName.Nothing,
                }
            )
            : null;
}
