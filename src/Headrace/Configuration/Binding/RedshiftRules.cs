namespace Headrace.Configuration.Binding;

/// <summary>What must hold between the keys with which a redshift connection logs in.</summary>
internal sealed class RedshiftRules(Problems problems)
{
    static readonly string[] Ways = ["password", "cluster", "workgroup"];

    /// <summary>Adds every broken rule to the problems.</summary>
    public void Check(RedshiftConnection redshift, MapNode node, ScalarNode name)
    {
        var where = $"connection '{redshift.Name}'";
        Node? Said(string key) => node.Find(key)?.Value is { IsNull: false } said ? said : null;
        var ways = Ways.Where(way => Said(way) is not null).ToList();
        if (ways.Count == 0)
            problems.Add(
                problems.At(name),
                Error.MissingKey(
                    problems.At(name),
                    "password",
                    where,
                    "add `password: ${secret:…}`, or let IAM lend a login: `cluster: NAME`, or `workgroup: "
                        + "NAME` for Serverless"
                ),
                "password"
            );
        else if (ways.Count > 1)
            Disagree(
                Said(ways[1])!,
                $"'{ways[0]}' and '{ways[1]}' are two ways to log in",
                $"remove one: {Meaning(ways[0])}; {Meaning(ways[1])}"
            );
        if (ways is ["workgroup"])
        {
            if (Said("user") is { } user)
                Disagree(user, "'user' does not go with 'workgroup': IAM says who it is", "remove 'user'");
        }
        else if (Said("user") is null && !ways.Contains("workgroup"))
            problems.Add(
                problems.At(name),
                Error.MissingKey(
                    problems.At(name),
                    "user",
                    where,
                    "add `user:` with the user of the database to log in as"
                ),
                "user"
            );
        if (ways is ["password"])
            foreach (var key in (string[])["region", "endpoint"])
                if (Said(key) is { } said)
                    Disagree(
                        said,
                        $"'{key}' is for logins from IAM",
                        $"remove '{key}', or write 'cluster' or 'workgroup' instead of 'password'"
                    );
        if (Said("endpoint") is { } endpoint && !IsSafe(redshift.Endpoint))
            Disagree(
                endpoint,
                "the endpoint is no URL that begins with https://, and a login would come over it",
                "write https://HOST; http:// only for this machine"
            );
        if (
            Said("region") is { } region
            && redshift.Region?.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-') == false
        )
            Disagree(region, "the region is no region of AWS", "write for example `region: eu-west-1`");

        void Disagree(Node at, string why, string next) =>
            problems.Add(problems.At(at), Error.KeysDisagree(problems.At(at), where, why, next), why);
    }

    static bool IsSafe(string? endpoint) =>
        Uri.TryCreate(endpoint, UriKind.Absolute, out var url)
        && url.Query.Length == 0
        && url.UserInfo.Length == 0
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));

    static string Meaning(string way) =>
        way switch
        {
            "password" => "password is the user's own",
            "cluster" => "cluster has IAM lend a login for the user",
            _ => "workgroup has IAM lend a login to Serverless",
        };
}
