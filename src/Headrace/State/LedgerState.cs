namespace Headrace.State;

/// <summary>The tables of ledgers: that of one machine, and the one that several share.</summary>
public static class LedgerState
{
    private const string Runs = "id text!, flow text!, dataset text!, outcome text!, started_at time!, detail text!";

    private const string Marks = "name text!, value text!, changed_at time!";

    /// <summary>
    /// The ledger of one machine. Release 0.1.0 finds a view called runs, which has no detail and takes no rows.
    /// </summary>
    public static readonly StateSteps Local = new(
        [
            new(1, [new CreateTable("runs", Runs)]),
            new(
                2,
                [
                    new RenameTable("runs", "run_history"),
                    new CreateView("runs", "SELECT 'the runs are in run_history' AS note"),
                    new CreateTable("meta", "version number!, written_by text!, written_at time!"),
                ]
            ),
            new(3, [new CreateTable("marks", Marks)]),
        ],
        "meta",
        Error.LedgerNewer
    );

    /// <summary>The ledger of several machines. Release 0.1.0 asks it for its version, and for an int.</summary>
    public static readonly StateSteps Shared = new(
        [
            new(
                1,
                [
                    new ChangeRows("CREATE TABLE IF NOT EXISTS {ledger} (version int NOT NULL)"),
                    new CreateTable("runs", Runs, "id"),
                    new CreateIndex("runs_by_dataset", "runs", "dataset, started_at DESC"),
                    new CreateTable(
                        "leases",
                        "dataset text!, holder text!, epoch number!, expires_at time!",
                        "dataset"
                    ),
                ]
            ),
            new(2, [new AddColumn("ledger", "written_by text, written_at time")]),
            new(3, [new CreateTable("marks", Marks, "name")]),
            new(4, [new AddColumn("leases", "run text")]),
        ],
        "ledger",
        Error.LedgerNewer
    );
}
