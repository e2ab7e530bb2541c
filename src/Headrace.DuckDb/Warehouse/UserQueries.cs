using System.Globalization;
using System.Text.RegularExpressions;
using Headrace.Warehouses;

namespace Headrace.DuckDb;

/// <summary>Users' own queries: what columns they have, and what DuckDB has against them.</summary>
internal static partial class UserQueries
{
    /// <summary>The columns of a query's result, with the types of columns for it.</summary>
    /// <param name="query">As <see cref="DuckDbDialect.Describe"/> makes it.</param>
    public static IReadOnlyList<TargetColumn> Describe(DuckDbConnection db, string query, CancellationToken cancel)
    {
        using var reader = db.Query(query, cancel);
        var columns = new List<TargetColumn>();
        while (reader.Read())
        {
            var (name, found) = (reader.GetString(0), reader.GetString(1));
            var type = DuckDbTypes.Parse(found) ?? Whole(found);
            columns.Add(
                new TargetColumn(name, type is { } known ? DuckDbTypes.Name(known) : found, type, null, true, false)
            );
        }

        return columns;
    }

    /// <summary>What DuckDB has against a statement; null for what is none of its text.</summary>
    public static StatementFault? FaultOf(Exception error)
    {
        if (
            error is not DuckDbException refused
            || refused.Kind
                is DuckDbErrorKind.IO
                    or DuckDbErrorKind.OutOfMemory
                    or DuckDbErrorKind.Interrupt
                    or DuckDbErrorKind.Transaction
                    or DuckDbErrorKind.Connection
                    or DuckDbErrorKind.Internal
                    or DuckDbErrorKind.Fatal
        )
            return null;
        var line = LinePattern().Match(refused.Message);
        return new StatementFault(
            line.Success ? refused.Message[..line.Index].TrimEnd() : refused.Message,
            line.Success ? int.Parse(line.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null,
            refused.Kind switch
            {
                DuckDbErrorKind.Catalog => MissingName.Table,
                DuckDbErrorKind.Binder => MissingName.Column,
                _ => MissingName.Nothing,
            }
        );
    }

    // Whole numbers that Headrace writes no column of; a wider one holds them.
    private static ColumnType? Whole(string type) =>
        type switch
        {
            "TINYINT" or "UTINYINT" or "USMALLINT" or "UINTEGER" or "UBIGINT" => DuckDbTypes.Holding(type),
            "UHUGEINT" => new ColumnType(TypeKind.Decimal, 38, 0),
            _ => null,
        };

    [GeneratedRegex(@"\n+LINE (\d+):")]
    private static partial Regex LinePattern();
}
