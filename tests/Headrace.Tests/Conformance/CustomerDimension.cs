using System.Globalization;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>
/// A broker's customers and accounts, in the manner of TPC-DI: files of AWS DMS in five batches, histories, a dimension of
/// customers, one of accounts whose versions follow those of their customers, and trades joined to both by time.
/// </summary>
public abstract class CustomerDimension(PostgresServer server, WarehouseKind kind) : ModelWorld(server, kind)
{
    private static string Flow(string table, string columns, string write) =>
        $$"""
            {{table}}:
              source: { connection: lake, path: "dms/broker/{{table}}/**", format: csv, csv: { header: false, "null": "NULL" } }
              columns: { id: bigint, {{columns}}, commit_ts: timestamp, seq: text }
              read: cdc
              cdc: { order_by: [seq] }
              primary_key: id
              write: {{write}}
            """;

    private static string Model(string name, string more) =>
        $"{name}: {{ sql: models/{name}.sql, target: {{ schema: mart }}, write: replace, {more} }}";

    private async Task Broker()
    {
        Sql(
            "dim_customer",
            "SELECT id AS customer_id, name, city, status, valid_from, valid_to, is_current FROM raw.customers"
        );

        // An account of a customer that is not active is not active; a new version of the customer opens one of the account.
        Sql(
            "dim_account",
            """
            SELECT a.id AS account_id, a.name, c.customer_sk,
                CASE WHEN c.status = 'INAC' THEN 'INAC' ELSE a.status END AS status,
                GREATEST(a.valid_from, c.valid_from) AS valid_from, LEAST(a.valid_to, c.valid_to) AS valid_to,
                a.is_current AND c.is_current AS is_current
            FROM raw.accounts AS a JOIN mart.dim_customer AS c ON c.customer_id = a.customer_id
                AND a.valid_from < coalesce(c.valid_to, TIMESTAMP '9999-01-01 00:00:00')
                AND c.valid_from < coalesce(a.valid_to, TIMESTAMP '9999-01-01 00:00:00')
            """
        );
        Sql(
            "fact_trades",
            """
            SELECT t.id AS trade_id, d.account_sk, d.customer_sk, t.amount, t.traded_at
            FROM raw.trades AS t JOIN mart.dim_account AS d ON d.account_id = t.account_id
                AND t.traded_at >= d.valid_from
                AND t.traded_at < coalesce(d.valid_to, TIMESTAMP '9999-01-01 00:00:00')
            """
        );
        const string history = "scd2\n  scd2: { effective_at: commit_ts }";
        await Flows(
            Flow("customers", "name: text, city: text, status: text", history),
            Flow("accounts", "customer_id: bigint, name: text, status: text", history),
            Flow("trades", """account_id: bigint, amount: "decimal(10,2)", traded_at: timestamp""", "merge")
        );
        File.AppendAllText(
            Path.Combine(World.Folder, "headrace.yaml"),
            $"\nmodels:\n  {Model("dim_customer", "primary_key: [customer_id, valid_from], surrogate_key: customer_sk")}"
                + $"\n  {Model("dim_account", "primary_key: [account_id, valid_from], surrogate_key: account_sk")}"
                + $"\n  {Model("fact_trades", "primary_key: trade_id, checks: [ { not_null: [account_sk, customer_sk] } ]")}\n"
        );
    }

    private void Put(string table, string file, params string[] lines) =>
        World.Put($"dms/broker/{table}/{file}.csv", string.Concat(lines.Select(line => line + "\n")));

    private static string At(int day, int hour = 0) => $"2026-03-{day:00} {hour:00}:00:00";

    // Days of March with their hours; databases write times in their own ways.
    private async Task<string[]> Versions(string columns, string table, string key) =>
        [
            .. (
                await Rows($"SELECT {columns}, valid_from, valid_to FROM mart.{table} ORDER BY {key}, valid_from")
            ).Select(row =>
                string.Join(
                    '|',
                    row.Split('|')
                        .Select(value =>
                            value.Length > 12
                            && DateTime.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
                                ? time.ToString("d.HH", CultureInfo.InvariantCulture)
                            : value is "" or "NULL" ? "-"
                            : value
                        )
                )
            ),
        ];

    private Task<string[]> People() => Versions("customer_id, city, status", "dim_customer", "customer_id");

    private Task<string[]> Holdings() => Versions("account_id, name, status", "dim_account", "account_id");

    // The version that each trade refers to, by what it says.
    private Task<string[]> Trades() =>
        Rows(
            """
            SELECT f.trade_id, a.name, a.status, c.city FROM mart.fact_trades AS f
            JOIN mart.dim_account AS a ON a.account_sk = f.account_sk
            JOIN mart.dim_customer AS c ON c.customer_sk = f.customer_sk AND c.customer_sk = a.customer_sk
            ORDER BY f.trade_id
            """
        );

    private async Task<Dictionary<string, string>> Numbers() =>
        (await Rows("SELECT account_id, valid_from, account_sk FROM mart.dim_account"))
            .Select(row => row.Split('|'))
            .ToDictionary(row => $"{row[0]} {row[1]}", row => row[2], StringComparer.Ordinal);

    private async Task Load()
    {
        var answer = await World.Load();
        Assert.All(answer.Runs, run => Assert.True(run.Outcome is "loaded" or "up_to_date", answer.Output));
    }

    [Fact]
    public async Task EachVersionOfACustomerOpensOneOfItsAccountsAndATradeKeepsTheVersionOfItsTime()
    {
        await Broker();

        // Two customers with an account each, and a trade.
        Put("customers", "LOAD00000001", $"1,Ann,Ulm,ACTV,{At(1)},NULL", $"2,Bob,Bonn,ACTV,{At(1)},NULL");
        Put("accounts", "LOAD00000001", $"10,1,main,ACTV,{At(1)},NULL", $"20,2,main,ACTV,{At(1)},NULL");
        Put("trades", "LOAD00000001", $"100,10,5.00,{At(1, 10)},{At(1, 10)},NULL");
        await Load();
        Assert.Equal(["10|main|ACTV|1.00|-", "20|main|ACTV|1.00|-"], await Holdings());

        // A new customer with an account; an added account; a customer who moves between two trades.
        Put("customers", "20260303-000000000", $"I,3,Cid,Rome,ACTV,{At(2)},201", $"U,1,Ann,Kiel,ACTV,{At(2, 12)},205");
        Put("accounts", "20260303-000000000", $"I,30,3,main,ACTV,{At(2)},202", $"I,11,1,more,ACTV,{At(2, 6)},203");
        Put(
            "trades",
            "20260303-000000000",
            $"I,101,10,1.00,{At(2, 11)},{At(2, 11)},204",
            $"I,102,10,2.00,{At(2, 12)},{At(2, 12)},206",
            $"I,103,11,3.00,{At(2, 13)},{At(2, 13)},207"
        );
        await Load();
        var numbers = await Numbers();
        Assert.Equal(
            [
                "10|main|ACTV|1.00|2.12",
                "10|main|ACTV|2.12|-",
                "11|more|ACTV|2.06|2.12",
                "11|more|ACTV|2.12|-",
                "20|main|ACTV|1.00|-",
                "30|main|ACTV|2.00|-",
            ],
            await Holdings()
        );
        Assert.Equal(
            ["100|main|ACTV|Ulm", "101|main|ACTV|Ulm", "102|main|ACTV|Kiel", "103|more|ACTV|Kiel"],
            await Trades()
        );

        // An updated account, a closed one, and a customer who is not active any more.
        Put("customers", "20260304-000000000", $"U,2,Bob,Bonn,INAC,{At(3, 6)},301");
        Put("accounts", "20260304-000000000", $"U,10,1,gold,ACTV,{At(3)},302", $"U,11,1,more,CLSD,{At(3)},303");
        Put("trades", "20260304-000000000", $"I,104,10,4.00,{At(3, 1)},{At(3, 1)},304");
        await Load();
        Assert.Equal(
            [
                "1|Ulm|ACTV|1.00|2.12",
                "1|Kiel|ACTV|2.12|-",
                "2|Bonn|ACTV|1.00|3.06",
                "2|Bonn|INAC|3.06|-",
                "3|Rome|ACTV|2.00|-",
            ],
            await People()
        );
        string[] accounts =
        [
            "10|main|ACTV|1.00|2.12",
            "10|main|ACTV|2.12|3.00",
            "10|gold|ACTV|3.00|-",
            "11|more|ACTV|2.06|2.12",
            "11|more|ACTV|2.12|3.00",
            "11|more|CLSD|3.00|-",
            "20|main|ACTV|1.00|3.06",
            "20|main|INAC|3.06|-",
            "30|main|ACTV|2.00|-",
        ];
        Assert.Equal(accounts, await Holdings());

        // The same files again under other names, and trades that come late: each has the version of its time.
        Put("customers", "20260304-010000000", $"U,1,Ann,Kiel,ACTV,{At(2, 12)},205");
        Put("accounts", "20260304-010000000", $"U,10,1,gold,ACTV,{At(3)},302");
        Put(
            "trades",
            "20260304-010000000",
            $"I,105,20,5.00,{At(3, 5)},{At(4)},305",
            $"I,106,20,6.00,{At(3, 6)},{At(4)},306"
        );
        await Load();
        Assert.Equal(accounts, await Holdings());
        Assert.Equal(
            [
                "100|main|ACTV|Ulm",
                "101|main|ACTV|Ulm",
                "102|main|ACTV|Kiel",
                "103|more|ACTV|Kiel",
                "104|gold|ACTV|Kiel",
                "105|main|ACTV|Bonn",
                "106|main|INAC|Bonn",
            ],
            await Trades()
        );

        // An update of a customer comes late: it splits a version of the customer, those of the accounts, and moves trades.
        Put("customers", "20260302-120000000", $"U,1,Ann,Jena,ACTV,{At(2, 11)},203");
        await Load();
        Assert.Contains("10|main|ACTV|2.11|2.12", await Holdings());
        Assert.Contains("11|more|ACTV|2.11|2.12", await Holdings());
        Assert.Contains("101|main|ACTV|Jena", await Trades());

        // A version that was there keeps its number, and no trade is without one.
        var now = await Numbers();
        Assert.All(numbers, one => Assert.Equal(one.Value, now[one.Key]));
        Assert.Equal(now.Count, now.Values.Distinct().Count());
        Assert.Equal("7", await Value("SELECT count(*) FROM mart.fact_trades"));
        Assert.All((await World.Load()).Runs, run => Assert.Equal("up_to_date", run.Outcome));
    }
}

public sealed class CustomerDimensionInDuckDb(PostgresServer server) : CustomerDimension(server, WarehouseKind.DuckDb);

public sealed class CustomerDimensionInPostgres(PostgresServer server)
    : CustomerDimension(server, WarehouseKind.Postgres);

public sealed class CustomerDimensionInRedshift(PostgresServer server)
    : CustomerDimension(server, WarehouseKind.Redshift);
