using Headrace.DuckDb;
using Npgsql;

namespace Headrace.Torture;

/// <summary>
/// Reads a warehouse with plain SELECTs, beside the product. Every value is a text, or null for NULL.
/// </summary>
internal abstract class Reading : IDisposable
{
    /// <summary>The values of each row, in the order of the columns.</summary>
    public abstract List<string?[]> Rows(string sql);

    public abstract void Dispose();

    /// <summary>A file that no process has open.</summary>
    public static Reading Of(string file) => new DuckDbReading(file);

    public static Reading Of(NpgsqlConnection postgres) => new PostgresReading(postgres);

    private sealed class DuckDbReading : Reading
    {
        private readonly DuckDbDatabase file;
        private readonly DuckDbConnection db;

        public DuckDbReading(string path)
        {
            file = DuckDbDatabase.Open(
                path,
                new Dictionary<string, string> { ["access_mode"] = "READ_ONLY", ["threads"] = "1" }
            );
            db = file.Connect();
        }

        public override List<string?[]> Rows(string sql)
        {
            var rows = new List<string?[]>();
            using var reader = db.Query(sql, CancellationToken.None);
            while (reader.Read())
                rows.Add([.. Enumerable.Range(0, reader.ColumnCount).Select(reader.GetText)]);
            return rows;
        }

        public override void Dispose()
        {
            db.Dispose();
            file.Dispose();
        }
    }

    private sealed class PostgresReading(NpgsqlConnection db) : Reading
    {
        public override List<string?[]> Rows(string sql)
        {
            var rows = new List<string?[]>();
            using var command = new NpgsqlCommand(
                $"""
                SELECT ARRAY(SELECT e.value FROM json_each_text(row_to_json(q))
                WITH ORDINALITY AS e(key, value, n) ORDER BY n) FROM ({sql}) AS q
                """,
                db
            );
            using var reader = command.ExecuteReader();
            while (reader.Read())
                rows.Add(reader.GetFieldValue<string?[]>(0));
            return rows;
        }

        public override void Dispose() => db.Dispose();
    }
}
