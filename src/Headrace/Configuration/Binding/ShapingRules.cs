namespace Headrace.Configuration.Binding;

/// <summary>What must hold between a flow's masks, and between what it says of its columns.</summary>
internal sealed class ShapingRules(Problems problems)
{
    /// <summary>Adds every broken rule to the problems; gives the flow with masks that know where they stand.</summary>
    public Flow Check(Flow flow, FlowRules.Places place, string where)
    {
        foreach (var column in flow.Columns.Values)
            Column(flow, column, place, $"column '{column.Name}' of {where}");
        var masks = new OrderedDictionary<string, FlowMask>();
        foreach (var (name, _) in (place.Said("masks") as MapNode ?? MapNode.Empty).Entries)
            if (flow.Masks.TryGetValue(name.Text, out var mask))
            {
                Mask(
                    flow,
                    mask,
                    place.Said("masks", name.Text),
                    place.Of("masks", name.Text),
                    $"mask '{name.Text}' of {where}"
                );
                masks[name.Text] = mask with { IsOwn = IsIn(name.Span, place.Node.Span) };
            }

        if (flow.Where is { } condition && condition.Trim().Length == 0)
            problems.Disagree(
                place.Of("where"),
                where,
                "'where' is empty",
                "write a condition, for example \"country <> 'XX'\", or remove it"
            );
        return flow with { Masks = masks };
    }

    private void Mask(Flow flow, FlowMask mask, Node? said, Node at, string where)
    {
        // A word that is none is told already.
        if (mask.Ways > 1 || (mask.Ways == 0 && said is null or MapNode { Entries.Count: 0 }))
            Refuse(
                mask.Ways == 0 ? "it says nothing" : "it says more than one thing",
                "write one of { hmac: \"${secret:NAME}\" }, { keep_last: 4 }, redact, { truncate: year } and \"null\" "
                    + "(in quotes)"
            );
        else if (mask.Hmac is { Length: 0 })
            Refuse("its key is empty, and what has no key hides nothing", "give the secret a value of some length");
        var column = flow.Columns.Values.FirstOrDefault(one => Same(one.Name, mask.Name));
        var from = column?.From ?? mask.Name;
        if (column?.Expression is not null)
            Refuse(
                "an expression makes the column, and sees masked values only",
                "mask the columns that the expression looks at"
            );
        if (flow.Adds(from))
            Refuse(
                "the path of each file says the column, and is told wherever the file is",
                "leave the value out of the paths, or remove the mask"
            );
        if (mask.Truncate is not null && column is { Drop: false, Type: { } type } && !type.HasDate)
            Refuse(
                $"truncate is for dates and times, and the column is {type}",
                "declare it as date, timestamp or timestamptz, or use another mask"
            );
        var name = column?.Name ?? mask.Name;
        if (mask.Hmac is null && flow.PrimaryKey.Any(key => Same(key, name)))
            Refuse(
                "the column is in primary_key, and the mask makes different keys the same",
                "use { hmac: \"${secret:NAME}\" }, under which different keys stay different"
            );
        if (
            flow.Rules().Events is { } events
            && ((string?[])[events.Operation, events.History?.EffectiveAt, .. events.OrderBy]).Any(read =>
                read is not null && (Same(read, from) || Same(read, name))
            )
        )
            Refuse("changes are told and ordered by the column", "remove the mask");
        if (new[] { flow.UpdateKey, flow.CreateKey }.Any(key => key is not null && Same(key, from)))
            Refuse(
                "the flow reads on from this column, so its last value is kept as the position",
                "read on from another column, or remove the mask"
            );
        void Refuse(string why, string next) =>
            problems.Add(problems.At(at), Error.MaskRefused(problems.At(at), where, why, next), why);
    }

    private void Column(Flow flow, FlowColumn column, FlowRules.Places place, string where)
    {
        var at = place.Of("columns", column.Name);
        if (
            column is { Type: null, Drop: false }
            && place.Said("columns", column.Name) is null or MapNode
            && place.Said("columns", column.Name, "type") is null
        )
            problems.Add(
                problems.At(at),
                Error.MissingKey(problems.At(at), "type", where, $"add `type:` with one of {ColumnType.Names}"),
                column.Name
            );
        if (column.Drop && (column.Expression ?? column.Default) is not null)
            Refuse("it is dropped, and says what it holds", "remove 'drop', or the rest");
        if (column.Drop && flow.PrimaryKey.Any(key => Same(key, column.Name)))
            Refuse("it is dropped, and is in primary_key", "remove 'drop', or correct primary_key");
        if (column.Expression is { } expression && (column.From ?? column.Default) is not null)
            Refuse(
                "it is made by an expression, so it comes from no column and has no default",
                "remove from: and default:; in the expression write coalesce(…, …)"
            );
        if (column.Expression is { } empty && empty.Trim().Length == 0)
            Refuse("its expression is empty", "write one, for example \"first || ' ' || last\"");
        if (column.Expression is not null && flow.Adds(column.Name))
            Refuse("add_columns adds it too", "give one of them another name");
        if (column.Unit is not null && (column.Expression is not null || column.Type is not { } time || !time.HasDate))
            Refuse(
                "'unit' is for a number that becomes a date, a timestamp or a timestamptz",
                "write one of these types, or remove 'unit'"
            );
        void Refuse(string why, string next) =>
            problems.Add(problems.At(at), Error.ColumnRefused(problems.At(at), where, why, next), why);
    }

    private static bool IsIn(Span inner, Span outer) => inner.Line >= outer.Line && inner.Line <= outer.EndLine;

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
