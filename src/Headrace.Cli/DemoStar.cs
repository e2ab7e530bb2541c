namespace Headrace.Cli;

/// <summary>
/// The demo of change capture: files of AWS DMS on two days, history with checks and masks, dimensions and facts.
/// docs/star-schema.md has the same files.
/// </summary>
internal sealed class DemoStar(string folder, TimeProvider clock) : Demo(folder, clock)
{
    private const string CustomerColumns =
        "{ id: bigint, name: text, city: text, phone: text, born: date, commit_ts: timestamp, change_seq: text }";

    private const string ProductColumns =
        """{ id: bigint, name: text, price: "decimal(10,2)", commit_ts: timestamp, change_seq: text }""";

    private const string OrderColumns =
        """{ id: bigint, customer_id: bigint, product_id: bigint, quantity: integer, placed_at: timestamp }""";

    private const string Project = $$"""
        # yaml-language-server: $schema=./.headrace/headrace.schema.json
        version: 1
        project: star

        connections:
          lake: { type: folder, path: ./lake }                    # on AWS: { type: s3, bucket: acme-lake, … }
          warehouse: { type: duckdb, path: ./warehouse.duckdb }   # or postgres, redshift

        defaults:
          target: { connection: warehouse, schema: raw }
          read: cdc
          cdc: { profile: dms, order_by: [change_seq] }
          primary_key: id

        flows:
          # The history of each customer. Phone numbers and birthdays are masked before anything is kept.
          customers:
            source: { connection: lake, path: "dms/shop/customers/**", csv: { "null": "NULL" } }
            columns: {{CustomerColumns}}
            masks: { phone: { keep_last: 4 }, born: { truncate: year } }
            checks:
              - not_null: [name]
              - { valid_date: { column: born, min: 1900-01-01, max: today }, on_fail: quarantine }
            write: scd2
            scd2: { effective_at: commit_ts }

          products:
            source: { connection: lake, path: "dms/shop/products/**", csv: { "null": "NULL" } }
            columns: {{ProductColumns}}
            checks:
              - { range: { column: price, min: 0 }, on_fail: quarantine }
            write: scd2
            scd2: { effective_at: commit_ts }

          # Orders as they are now; an order that does not hold what it should waits in quarantine.
          orders:
            source: { connection: lake, path: "dms/shop/orders/**", csv: { "null": "NULL" } }
            columns: {{OrderColumns}}
            checks:
              - { range: { column: quantity, min: 1, max: 1000 }, on_fail: quarantine }
            write: merge

        models:
          # A number for each version of a customer, which it keeps.
          dim_customer:
            sql: models/dim_customer.sql
            target: { schema: mart }
            write: replace
            primary_key: [customer_id, valid_from]
            surrogate_key: customer_sk

          dim_product:
            sql: models/dim_product.sql
            target: { schema: mart }
            write: replace
            primary_key: [product_id, valid_from]
            surrogate_key: product_sk

          # An order has the numbers of the versions that held when it was placed.
          fact_orders:
            sql: models/fact_orders.sql
            target: { schema: mart }
            write: replace
            primary_key: order_id
            checks:
              - not_null: [customer_sk, product_sk]

        """;

    public override string Configuration => Project;

    public override IReadOnlyList<(string Path, string Text)> Files =>
        [
            (
                "models/dim_customer.sql",
                """
                -- One row for each version. What the full load found held before it, too.
                SELECT id AS customer_id, name, city, phone, born, valid_from, valid_to, is_current,
                    CASE WHEN valid_from = min(valid_from) OVER (PARTITION BY id) THEN TIMESTAMP '1900-01-01 00:00:00'
                        ELSE valid_from END AS holds_from
                FROM raw.customers

                """
            ),
            (
                "models/dim_product.sql",
                """
                SELECT id AS product_id, name, price, valid_from, valid_to, is_current,
                    CASE WHEN valid_from = min(valid_from) OVER (PARTITION BY id) THEN TIMESTAMP '1900-01-01 00:00:00'
                        ELSE valid_from END AS holds_from
                FROM raw.products

                """
            ),
            (
                "models/fact_orders.sql",
                """
                SELECT o.id AS order_id, c.customer_sk, p.product_sk, o.placed_at, o.quantity,
                    o.quantity * p.price AS amount
                FROM raw.orders AS o
                LEFT JOIN mart.dim_customer AS c ON c.customer_id = o.customer_id
                    AND o.placed_at >= c.holds_from AND (o.placed_at < c.valid_to OR c.valid_to IS NULL)
                LEFT JOIN mart.dim_product AS p ON p.product_id = o.product_id
                    AND o.placed_at >= p.holds_from AND (o.placed_at < p.valid_to OR p.valid_to IS NULL)

                """
            ),
        ];

    public override IReadOnlyList<DemoDay> Days =>
        [
            new("Day one. AWS DMS copies three tables of a shop to the lake: the full load.", DayOne),
            new(
                "Day two. Change files: a customer moves, a price changes, an order is deleted, another one has no "
                    + "right quantity, a product goes, and a change of the day before comes late.",
                DayTwo
            ),
        ];

    public override IReadOnlyList<(string Title, string Sql)> Questions =>
        [
            (
                "Each version of a customer, with its number",
                "select customer_sk, customer_id, name, city, phone, born, valid_from, valid_to from mart.dim_customer "
                    + "order by customer_id, valid_from"
            ),
            (
                "Each version of a product",
                "select product_sk, product_id, name, price, valid_from, valid_to from mart.dim_product "
                    + "order by product_id, valid_from"
            ),
            (
                "Facts, with the versions that held when they happened",
                "select order_id, placed_at, customer_sk, product_sk, quantity, amount from mart.fact_orders "
                    + "order by order_id"
            ),
            (
                "Sales by the city where the customer lived then",
                "select city, sum(amount) as amount from mart.fact_orders join mart.dim_customer using (customer_sk) "
                    + "group by city order by city"
            ),
            (
                "What the checks found",
                "select dataset, name, checked, failed, outcome from headrace.checks order by dataset, checked_at, name"
            ),
        ];

    public override IReadOnlyList<(string Command, string Shows)> Next =>
        [
            ("headrace run", "again: nothing to do, each file is loaded once"),
            ("headrace quarantine show orders", "the order without a right quantity"),
            ("headrace quarantine release orders 1 --set quantity=2", "its change, in its place among the others"),
            ("headrace run", "the facts, with that order"),
            ("headrace verify customers products orders", "all files once more, compared with the tables"),
        ];

    private void DayOne()
    {
        Put(
            "dms/shop/customers/LOAD00000001.csv",
            30,
            """
            Op,id,name,city,phone,born,commit_ts,change_seq
            I,1,Ada Byron,London,+44 20 5550 0101,1990-12-10,2026-10-01 06:00:00,NULL
            I,2,Zoë Müller,Bern,+41 31 5550 0102,1985-03-02,2026-10-01 06:00:00,NULL

            """
        );
        Put(
            "dms/shop/products/LOAD00000001.csv",
            30,
            """
            Op,id,name,price,commit_ts,change_seq
            I,1,lamp,39.90,2026-10-01 06:00:00,NULL
            I,2,chair,89.00,2026-10-01 06:00:00,NULL

            """
        );
        Put(
            "dms/shop/orders/LOAD00000001.csv",
            30,
            """
            Op,id,customer_id,product_id,quantity,placed_at,commit_ts,change_seq
            I,1,1,1,2,2026-09-30 17:03:45,2026-10-01 06:00:00,NULL
            I,2,2,2,4,2026-09-30 20:15:30,2026-10-01 06:00:00,NULL

            """
        );
    }

    private void DayTwo()
    {
        // Ada moves to Paris and then to Rome; the file with the first of the two comes a day late.
        Put(
            "dms/shop/customers/20261002-080000000.csv",
            6,
            """
            Op,id,name,city,phone,born,commit_ts,change_seq
            U,1,Ada Byron,Rome,+44 20 5550 0101,1990-12-10,2026-10-02 07:59:10,2026100207591000000000000000000020
            I,3,Grace Hopper,Arlington,+1 703 555 0103,1906-12-09,2026-10-02 07:59:40,2026100207594000000000000000000022

            """
        );
        Put(
            "dms/shop/customers/20261001-180000000.csv",
            5,
            """
            Op,id,name,city,phone,born,commit_ts,change_seq
            U,1,Ada Byron,Paris,+44 20 5550 0101,1990-12-10,2026-10-01 17:58:00,2026100117580000000000000000000007

            """
        );
        Put(
            "dms/shop/products/20261002-080000000.csv",
            6,
            """
            Op,id,name,price,commit_ts,change_seq
            U,1,lamp,41.90,2026-10-02 07:30:00,2026100207300000000000000000000015
            D,2,chair,89.00,2026-10-02 07:45:00,2026100207450000000000000000000018

            """
        );
        Put(
            "dms/shop/orders/20261002-080000000.csv",
            6,
            """
            Op,id,customer_id,product_id,quantity,placed_at,commit_ts,change_seq
            I,3,1,1,1,2026-10-01 21:10:00,2026-10-01 21:10:00,2026100121100000000000000000000011
            I,4,1,1,3,2026-10-02 08:00:00,2026-10-02 08:00:00,2026100208000000000000000000000024
            D,2,2,2,4,2026-09-30 20:15:30,2026-10-02 08:01:00,2026100208010000000000000000000025
            I,5,3,1,-2,2026-10-02 08:02:00,2026-10-02 08:02:00,2026100208020000000000000000000026

            """
        );
    }
}
