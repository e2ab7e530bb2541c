using Headrace.Checks;

namespace Headrace.DuckDb;

/// <summary>
/// Rows of staged text files as a Parquet file with the types of a table: those that fit, and that no check sets aside.
/// </summary>
internal sealed class TypedRows(
    DuckDbConnection db,
    IReadOnlyList<StagedFile> files,
    IReadOnlyList<Column> columns,
    LoadRules shaping,
    IReadOnlyList<Check> checks,
    DateTimeOffset now,
    CancellationToken cancel
)
{
    /// <summary>The file, once it is written.</summary>
    public string Path { get; private set; } = "";

    /// <summary>Rows that are not in it.</summary>
    public long Lost { get; private set; }

    /// <summary>Writes them.</summary>
    public void Write(string path)
    {
        var changes = new ChangeSet
        {
            Id = "verify",
            Dataset = new Dataset("verify", "verify", new Dictionary<string, string>()),
            Target = TableName.None,
            Operation = Operation.Append,
            From = new Position { Table = [.. columns.Select(column => column with { Nullable = true })] },
            Files = files,
            Format = new FileFormat(FormatKind.Csv, new CsvDialect { Header = false }),
            Rules = shaping.Shaping([
                .. columns.Select(column => new DeclaredColumn(column.Name, column.Name, column.Type)),
            ]),
        };
        var shape = new TableShape(changes, _ => throw Error.Bug("a Parquet file among the rows of a table."));
        new TypeInference(db, cancel).Settle(shape, changes.Format.Csv);
        new FlowExpressions(db, shape, changes, cancel).Settle();
        var all = shape
            .Columns.Select((column, i) => new CheckedColumn(column.Name, column.Type, StagedTable.Column(i)))
            .ToList();
        shape.Conditions =
        [
            .. CheckExpressions
                .Failing(db, checks, all, now, cancel)
                .Select(fails => new RowCondition(-1, "", [.. Enumerable.Range(0, all.Count)], _ => fails)),
        ];
        var rows = new StagedRows(shape.Files, shape, changes);
        string From(Func<int, string> value) =>
            string.Join(", ", columns.Select((column, i) => $"{value(i)} AS {Sql.Identifier(column.Name)}"));
        var sql = rows.HasRows
            ? $"SELECT {From(rows.Value)} FROM {rows.Source} WHERE {rows.Good}"
            : $"SELECT {From(i => $"CAST(NULL AS {DuckDbTypes.Name(columns[i].Type)})")} WHERE false";
        var written = db.Execute($"COPY ({sql}) TO {Sql.Literal(path)} (FORMAT parquet)", cancel);
        (Path, Lost) = (
            path,
            files.Sum(file => file.Records + file.RejectCount) - written - rows.CountUnwanted(db, cancel)
        );
    }
}
