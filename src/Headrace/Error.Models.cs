using Headrace.Configuration;

namespace Headrace;

public static partial class Error
{
    /// <summary>The warehouse does not take a model's SELECT, or fails while it runs.</summary>
    /// <param name="where">The file and the line, or the statement.</param>
    public static HeadraceException ModelFailed(string model, string where, string found, Exception? inner = null) =>
        new(
            "HDR-340",
            $"The SQL of the model '{model}' fails; nothing of it was written.",
            $"correct it, and look again: headrace plan {Shell.Word(model)}",
            inner
        )
        {
            Facts = Facts(("model", model), ("at", where), ("found", found)),
        };

    /// <summary>A column of a model's SELECT cannot be one of a table.</summary>
    public static HeadraceException ModelColumnRefused(string model, string file, string column, string why) =>
        new(
            "HDR-341",
            $"The column '{column}' of the model '{model}' {why}; nothing of it was written.",
            "give it another name with AS, or a type of docs/types.md with CAST"
        )
        {
            Facts = Facts(("model", model), ("sql", file), ("column", column)),
        };

    /// <summary>A key column of a model is not among the columns of its SELECT.</summary>
    public static HeadraceException ModelKeyMissing(
        string model,
        string file,
        string column,
        IEnumerable<string> found
    ) =>
        new(
            "HDR-342",
            $"The SELECT of the model '{model}' has no column '{column}', which primary_key names; nothing of it was "
                + "written.",
            "add the column to the SELECT, or correct primary_key"
        )
        {
            Facts = Facts(("model", model), ("sql", file), ("found", string.Join(", ", found))),
        };

    /// <summary>Rows of a model have no key, or one that others have too.</summary>
    public static HeadraceException ModelKeysNotUnique(
        string model,
        string file,
        IEnumerable<string> key,
        long missing,
        long twice
    ) =>
        new(
            "HDR-343",
            $"The rows of the model '{model}' are not told apart by their primary_key; nothing of it was written.",
            "correct the SELECT, so that each key has one row and none is NULL, or name more columns in primary_key"
        )
        {
            Facts = Facts(
                ("model", model),
                ("sql", file),
                ("primary_key", string.Join(", ", key)),
                ("rows without a key", missing == 0 ? null : missing),
                ("keys with several rows", twice == 0 ? null : twice)
            ),
        };

    /// <summary>A column of a model's table has another type than its SELECT gives.</summary>
    /// <param name="next">A statement that makes the table fit.</param>
    public static HeadraceException ModelTypeChanged(
        string model,
        TableName target,
        string column,
        string has,
        string gives,
        string next
    ) =>
        new(
            "HDR-344",
            $"The column '{column}' of {target} is {has}, and the SELECT of the model '{model}' gives {gives}; "
                + "nothing of it was written.",
            next
        )
        {
            Facts = Facts(("model", model), ("target", target.ToString()), ("column", column)),
        };

    /// <summary>Nobody can tell what a model reads.</summary>
    public static HeadraceException ModelOrderUnknown(string model, string file, string found) =>
        new(
            "HDR-575",
            $"What the model '{model}' reads cannot be found in its SQL; nothing was run.",
            "say it: after: [NAME, …] with the flows and models that it reads"
        )
        {
            Facts = Facts(("model", model), ("sql", file), ("found", found)),
        };

    /// <summary>Rows are kept for several models, of which one would add them twice.</summary>
    public static HeadraceException KeptRowsShared(string flow, string adding, IEnumerable<string> readers) =>
        new(
            "HDR-576",
            $"Several models read the rows that '{flow}' keeps until its models have committed, and '{adding}' "
                + "appends: it would add them again where another one fails; nothing was run.",
            $"use write: merge for '{adding}', or let the others read what '{adding}' makes"
        )
        {
            Facts = Facts(("flow", flow), ("read by", string.Join(", ", readers))),
        };

    /// <summary>A model with a history reads a table of new rows only: it would end all other versions.</summary>
    public static HeadraceException KeptRowsEndVersions(string flow, string model) =>
        new(
            "HDR-345",
            $"The model '{model}' keeps a history, and '{flow}', which it reads, keeps rows only until its models have "
                + "committed: a row that is not new would be taken for one that is gone; nothing was run.",
            $"let '{flow}' write: merge without keep_rows, or use write: scd2 in the flow itself"
        )
        {
            Facts = Facts(("model", model), ("flow", flow)),
        };

    /// <summary>The table of a model with a history lacks a column that a history has.</summary>
    public static HeadraceException ModelIsNoHistory(string model, TableName target, string column) =>
        new(
            "HDR-346",
            $"The table {target} has no column '{column}', which the history of the model '{model}' needs for all of "
                + "its versions; nothing of it was written.",
            "give the model another table: target: { table: … }; or drop this one, and its history begins anew"
        )
        {
            Facts = Facts(("model", model), ("target", target.ToString()), ("column", column)),
        };

    /// <summary>Rows of a model say a time that cannot be that of their version.</summary>
    /// <param name="missing">Rows without a time.</param>
    /// <param name="back">Rows that differ from their current version, and say that they are older.</param>
    public static HeadraceException ModelTimeUnfit(string model, string file, string column, long missing, long back) =>
        new(
            "HDR-347",
            $"Rows of the model '{model}' cannot be put into its history; nothing of it was written.",
            "correct the SELECT, so that a row that differs says a later time; or remove effective_at: a version then "
                + "begins when it is loaded"
        )
        {
            Facts = Facts(
                ("model", model),
                ("sql", file),
                ("effective_at", column),
                ("rows without a time", missing == 0 ? null : missing),
                ("rows older than their current version", back == 0 ? null : back)
            ),
        };

    /// <summary>The file of a model's SQL cannot be read.</summary>
    public static HeadraceException ModelFileUnreadable(Place place, string file, string where, string why) =>
        new(
            "HDR-570",
            $"The file '{file}' of {where} cannot be read: {why}; nothing was run.",
            "write the path from the project's folder"
        )
        {
            Facts = At(place),
        };

    /// <summary>The SQL of a model is something else than one SELECT.</summary>
    public static HeadraceException ModelIsNoSelect(Place place, string file, string where, string why) =>
        new(
            "HDR-571",
            $"'{file}' is not one SELECT, which {where} needs: {why}; nothing was run.",
            "write one SELECT; statements that prepare for it go under before:"
        )
        {
            Facts = At(place),
        };

    /// <summary>Models that wait for each other.</summary>
    /// <param name="place">Null where the SQL says so, and not the file.</param>
    public static HeadraceException ModelCycle(Place? place, IReadOnlyList<string> names) =>
        new(
            "HDR-572",
            $"Models read each other, so none can be first: {string.Join(" reads ", names.Append(names[0]))}; nothing "
                + "was run.",
            "take one of them apart, so that what both need is a model of its own"
        )
        {
            Facts = place is null ? [] : At(place),
        };

    /// <summary>A model waits for something that there is not.</summary>
    public static HeadraceException UnknownAfter(
        Place place,
        string name,
        string where,
        IReadOnlyCollection<string> known
    ) =>
        new(
            "HDR-573",
            $"There is no flow and no model '{name}', which 'after' of {where} names; nothing was run.",
            Configuration.Binding.Suggestion.Ask(name, known, "add it under 'flows' or 'models'")
        )
        {
            Facts = At(place, ("known", known.Count == 0 ? "none" : string.Join(", ", known))),
        };

    /// <summary>A statement that cannot run within a model's transaction.</summary>
    public static HeadraceException BeforeRefused(Place place, string where, string statement, string why) =>
        new(
            "HDR-574",
            $"A statement of 'before' of {where} cannot run in the model's transaction: {why}; nothing was run.",
            "write statements that stay in the transaction, one in each text: DELETE FROM where TRUNCATE was meant"
        )
        {
            Facts = At(place, ("statement", statement)),
        };
}
