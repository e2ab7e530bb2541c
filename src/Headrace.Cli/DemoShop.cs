namespace Headrace.Cli;

/// <summary>The demo's shop: its configuration, its files on two days, and questions to its warehouse.</summary>
internal sealed class DemoShop(string folder, TimeProvider clock) : Demo(folder, clock)
{
    private const string OrderColumns =
        """{ order_id: bigint, customer_id: bigint, amount: "decimal(10,2)", status: text, placed_at: timestamp }""";

    private const string Product = """{"name": "product", "type": "text", "nullable": false}""";

    private const string Price = """{"name": "price", "type": "decimal(10,2)", "nullable": false}""";

    private const string Project = $$"""
        # yaml-language-server: $schema=./.headrace/headrace.schema.json
        version: 1
        project: shop

        connections:
          lake: { type: folder, path: ./lake }
          warehouse: { type: duckdb, path: ./warehouse.duckdb }
          ops: { type: jsonl, path: ./ops }

        defaults:
          target: { connection: warehouse, schema: shop }

        flows:
          # One CSV file a day. An order that comes again is updated by its key; a bad row waits in quarantine.
          orders:
            source: { connection: lake, path: "orders/*.csv" }
            columns: {{OrderColumns}}
            read: incremental
            primary_key: order_id
            write: merge

          # JSON lines; the types are found out from the first file.
          customers:
            source: { connection: lake, path: "customers/*.jsonl" }
            read: incremental
            primary_key: customer_id
            write: merge

          # A drop folder: lake/inbox/shop/append|truncate|schema/TABLE/FILE
          inbox:
            source: { connection: lake, path: "inbox/{database}/{action}/{table}/*" }
            read: drop
            target: { schema: "{database}", table: "{table}" }

          # Full exports: all files of one version are the whole list. What changed since the export before is applied
          # by key, rows that are gone are deleted, and every change is published to ./ops.
          suppliers:
            source: { connection: lake, path: "suppliers/{version}/*.csv" }
            read: snapshot
            primary_key: supplier_id
            write: merge
            publish: { connection: ops, before: true }

        """;

    public override string Configuration => Project;

    public override IReadOnlyList<DemoDay> Days =>
        [
            new("Day one. The shop exports its orders, customers and suppliers; the buyer drops a price list.", DayOne),
            new(
                "Day two. Changed orders, an order file that comes a day late, a row with a typo, a product "
                    + "that is gone, a whole new list of suppliers.",
                DayTwo
            ),
        ];

    public override IReadOnlyList<(string Title, string Sql)> Questions =>
        [
            (
                "Orders by status",
                "select status, count(*) as orders, sum(amount) as amount from shop.orders group by status "
                    + "order by status"
            ),
            ("The price list of today", "select product, price from shop.prices order by product"),
            ("The suppliers of today", "select supplier_id, name, city from shop.suppliers order by supplier_id"),
            (
                "Every file, with what became of it",
                "select key, action, rows, quarantined from headrace.files order by sequence"
            ),
        ];

    public override IReadOnlyList<(string Command, string Shows)> Next =>
        [
            ("headrace run", "again: nothing to do, each file is loaded once"),
            ("headrace quarantine show orders", "the row with the typo"),
            ("headrace quarantine release orders 1 --set amount=12.50", ""),
            ("headrace status", "how each dataset stands"),
        ];

    private void DayOne()
    {
        const double at = 30;
        Put(
            "orders/2026-10-01.csv",
            at,
            """
            order_id,customer_id,amount,status,placed_at
            1,1,19.90,paid,2026-10-01 08:12:00
            2,2,7.50,open,2026-10-01 09:40:11
            3,1,120.00,open,2026-10-01 17:03:45

            """
        );
        Put(
            "customers/2026-10-01.jsonl",
            at,
            """
            {"customer_id": 1, "name": "Ada Byron", "country": "GB", "address": {"city": "London"}}
            {"customer_id": 2, "name": "Zoë Müller", "country": "CH", "address": {"city": "Bern"}}

            """
        );
        Put(
            "inbox/shop/schema/prices/prices.json",
            at,
            $$"""
            {"schema_version": 1, "allowed_operations": ["append", "truncate", "schema"],
             "columns": [{{Product}}, {{Price}}]}

            """
        );
        Put(
            "inbox/shop/truncate/prices/monday.csv",
            at - 0.02,
            "product,price\nlamp,39.90\nchair,89.00\ntable,210.00\n"
        );
        Put(
            "suppliers/2026-10-01/part.csv",
            at,
            "supplier_id,name,city\n1,Lumen,Oslo\n2,Stuhl & Sohn,Bern\n3,Old Oak,York\n"
        );
    }

    private void DayTwo()
    {
        const double at = 6;
        Put(
            "orders/2026-10-02.csv",
            at,
            """
            order_id,customer_id,amount,status,placed_at
            2,2,7.50,paid,2026-10-01 09:40:11
            4,2,33.00,open,2026-10-02 10:00:00
            5,3,12.5O,open,2026-10-02 11:30:00

            """
        );
        Put(
            "orders/2026-09-30.csv",
            at,
            """
            order_id,customer_id,amount,status,placed_at
            0,2,64.20,paid,2026-09-30 20:15:30

            """
        );
        Put(
            "customers/2026-10-02.jsonl",
            at,
            """{"customer_id": 3, "name": "Grace Hopper", "country": "US", "address": {"city": "Arlington"}}""" + "\n"
        );
        Put("inbox/shop/truncate/prices/tuesday.csv", at, "price,product\n41.90,lamp\n89.00,chair\n");
        Put("inbox/shop/append/prices/late-addition.csv", at - 0.02, "product,price\nshelf,55.00\n");
        Put(
            "suppliers/2026-10-02/part.csv",
            at,
            "supplier_id,name,city\n1,Lumen,Bergen\n2,Stuhl & Sohn,Bern\n4,Birch,Turku\n"
        );
    }

    public override (string Title, string Command, string[] Lines)? Extra()
    {
        var newest = new DirectoryInfo(Path.Combine(Folder, "ops"))
            .EnumerateFiles("suppliers-*.jsonl")
            .MaxBy(file => file.Name, StringComparer.Ordinal);
        return (
            "What the new list of suppliers changed, as it was published",
            "cat ops/suppliers-00000002-*.jsonl",
            newest is null ? [] : File.ReadAllLines(newest.FullName)
        );
    }
}
