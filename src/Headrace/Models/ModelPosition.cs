namespace Headrace.Models;

/// <summary>
/// What a model was made of: its own text and settings, and how far each flow and model that it reads had loaded. It is
/// the cursor of the model's position.
/// </summary>
/// <param name="Digest">Of the model itself.</param>
/// <param name="Reads">By name.</param>
public sealed record ModelPosition(string Digest, IReadOnlyList<(string Name, string Loaded)> Reads)
{
    private const string Own = "model";

    /// <summary>Why a model is to run that was last made as a cursor says; empty when it is not.</summary>
    /// <param name="cursor">Null for a model that never ran.</param>
    public IReadOnlyList<string> Since(string? cursor)
    {
        if (cursor is null)
            return ["it has not run yet"];
        var before = Parse(cursor);
        var reasons = new List<string>();
        if (before.Digest != Digest)
            reasons.Add("its SQL or its settings have changed");
        foreach (var (name, loaded) in Reads)
            if (before.Reads.FirstOrDefault(one => one.Name == name) is not { Name: not null } known)
                reasons.Add($"it reads '{name}' now");
            else if (known.Loaded != loaded)
                reasons.Add($"'{name}' has loaded since");
        return reasons;
    }

    /// <summary>The same once flows have loaded so far.</summary>
    public ModelPosition With(IReadOnlyDictionary<string, string> loaded) =>
        this with
        {
            Reads = [.. Reads.Select(one => (one.Name, loaded.GetValueOrDefault(one.Name, one.Loaded)))],
        };

    /// <summary>How far a flow had loaded; null when it was not read.</summary>
    public string? Of(string flow) => Reads.FirstOrDefault(one => one.Name == flow).Loaded;

    /// <summary>The position of a cursor.</summary>
    public static ModelPosition Parse(string cursor)
    {
        var parts = cursor
            .Split("; ", StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.Split(' ', 2))
            .Select(words => (Name: words[0], Loaded: words.ElementAtOrDefault(1) ?? ""))
            .ToList();
        return new ModelPosition(
            parts.FirstOrDefault(part => part.Name == Own).Loaded ?? "",
            [.. parts.Where(part => part.Name != Own)]
        );
    }

    /// <summary>As <see cref="Parse"/> reads it: <c>model 3f9a…; orders 12 l_…</c>.</summary>
    public override string ToString() =>
        string.Join("; ", Reads.Prepend((Own, Digest)).Select(part => $"{part.Item1} {part.Item2}"));
}
