namespace Headrace.Configuration.Binding;

/// <summary>
/// The secrets of services while a file is read: those that were answered, and those that are still to be asked for.
/// The file is read again with the answers, so that reading it asks nobody.
/// </summary>
internal sealed class RemoteSecrets
{
    private readonly Dictionary<RemoteSecret, SecretAnswer> answers = [];
    private readonly HashSet<RemoteSecret> wanted = [];

    /// <summary>What was answered; null, and it is asked for, when nothing was yet.</summary>
    public SecretAnswer? Find(RemoteSecret secret)
    {
        if (answers.TryGetValue(secret, out var known))
            return known;
        wanted.Add(secret);
        return null;
    }

    /// <summary>Asks for what is wanted; false when nothing is.</summary>
    public async Task<bool> AskAsync(ISecretStore store, CancellationToken cancel)
    {
        if (wanted.Count == 0)
            return false;
        foreach (var secret in wanted)
            answers[secret] = await store.ReadAsync(secret, cancel);
        wanted.Clear();
        return true;
    }
}
