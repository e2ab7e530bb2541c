namespace Headrace;

public static partial class Error
{
    /// <summary>The server would answer other machines without asking who they are.</summary>
    public static HeadraceException ListenRefused(string listen) =>
        new(
            "HDR-600",
            $"'{listen}' can be reached from other machines, and there are no tokens; the server does not start.",
            "listen at 127.0.0.1, or write a file with lines such as `operate: TOKEN`: headrace serve "
                + "--listen … --token-file FILE"
        );

    /// <summary>The file of tokens cannot be read, or a line of it is no token.</summary>
    public static HeadraceException TokenFileRefused(string file, int? line, string why) =>
        new(
            "HDR-601",
            $"The file of tokens cannot be used: {why}; the server does not start.",
            "write one `role: token` a line, with the role read or operate; `openssl rand -hex 32` makes a token"
        )
        {
            Facts = Facts(("file", file), ("line", line)),
        };

    /// <summary>The server cannot listen there.</summary>
    public static HeadraceException AddressTaken(string listen, Exception inner) =>
        new(
            "HDR-602",
            $"The server cannot listen at {listen}; it does not start.",
            "end what listens there, or choose another port: headrace serve --listen 127.0.0.1:7475",
            inner
        )
        {
            Facts = Facts(("found", inner.Message)),
        };

    /// <summary>A project has one server on a machine.</summary>
    public static HeadraceException ServerRuns(string? address) =>
        new(
            "HDR-603",
            "Another server runs this project on this machine; this one does not start.",
            "use the one that runs, or end it first"
        )
        {
            Facts = Facts(("address", address)),
        };

    /// <summary>A page of another origin asks, or a name that is not the server's.</summary>
    public static HeadraceException ForeignOrigin(string header, string found) =>
        new(
            "HDR-604",
            $"The header {header} names another place than this server; nothing was done.",
            "open the server by the address that it listens at"
        )
        {
            Facts = Facts(("found", found)),
        };

    /// <summary>No token, or one that the server does not know.</summary>
    public static HeadraceException TokenMissing() =>
        new(
            "HDR-605",
            "The server asks for a token, and there is none that it knows; nothing was done.",
            "send the header Authorization: Bearer TOKEN, or in a browser any name with the token as password"
        );

    /// <summary>A token that may only read.</summary>
    public static HeadraceException RoleMissing() =>
        new(
            "HDR-606",
            "The token may only read; nothing was done.",
            "send a token that the server's file lists as `operate`"
        );

    /// <summary>Too many wrong tokens, or too many requests that change something.</summary>
    public static HeadraceException TooMany(string what, int seconds) =>
        new("HDR-607", $"There were too many {what}; nothing was done.", $"try again in {seconds} seconds");

    /// <summary>A parameter of a request is not known, or its value cannot be read.</summary>
    public static HeadraceException BadParameter(string name, string why, string next) =>
        new("HDR-608", $"The parameter '{name}' {why}; nothing was done.", next);

    /// <summary>The body of a request is not what it should be.</summary>
    public static HeadraceException BodyRefused(string why, string next) =>
        new("HDR-609", $"The body of the request cannot be used: {why}; nothing was done.", next);

    /// <summary>The server has nothing under that path, or not by that method.</summary>
    public static HeadraceException NoSuchPath(string method, string path) =>
        new("HDR-610", $"There is nothing for {method} {path}.", "look at /openapi/v1.json for what there is");

    /// <summary>The server ends and begins nothing new.</summary>
    public static HeadraceException ServerStops() =>
        new("HDR-611", "The server ends and begins nothing new; nothing was done.", "try again once it runs again")
        {
            IsTransient = true,
        };

    /// <summary>The server has read another headrace.yaml than the command.</summary>
    public static HeadraceException ServerDiffers(string address) =>
        new(
            "HDR-612",
            "The server of this project has read another headrace.yaml than this command, or another environment; "
                + "nothing was run.",
            "start the server again, then run again"
        )
        {
            Facts = Facts(("server", address)),
        };

    /// <summary>The server went away while it ran something for a command.</summary>
    public static HeadraceException ServerLost(string address, Exception inner) =>
        new(
            "HDR-613",
            "The server that had taken the run over answers no more; what it had begun was loaded or was not.",
            "headrace runs; then run again: what is loaded is not loaded twice",
            inner
        )
        {
            Facts = Facts(("server", address), ("found", inner.Message)),
        };

    /// <summary>A run has begun, and its process is gone.</summary>
    public static HeadraceException RunDied(string dataset, DateTimeOffset began) =>
        new(
            "HDR-614",
            "The run began and its process is gone; its last batch was loaded whole or not at all.",
            $"headrace run {Shell.Word(dataset.Split('/')[0])} goes on from the last commit; look in the system's log "
                + "for what ended the process"
        )
        {
            Facts = Facts(("dataset", dataset), ("began", began.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ"))),
        };

    /// <summary>The beginning of an identifier is that of several runs.</summary>
    public static HeadraceException ManyRuns(string id, IReadOnlyList<(string Id, string Dataset)> runs) =>
        new("HDR-615", $"{runs.Count} runs begin with '{id}'; none is shown.", $"headrace show {runs[0].Id}")
        {
            Facts = [.. runs.Take(5).Select(run => new Fact("run", $"{run.Id}  {run.Dataset}"))],
        };

    /// <summary>A dataset that its flow does not have.</summary>
    public static HeadraceException NoSuchDataset(string dataset, string flow, IReadOnlyList<string> known) =>
        new(
            "HDR-616",
            $"The flow '{flow}' has no dataset '{dataset}'; nothing of the flow was run.",
            $"headrace plan {Shell.Word(flow)} lists its datasets"
        )
        {
            Facts = [.. known.Take(5).Select(name => new Fact("found", name))],
        };

    /// <summary>A form that no page of this server made since it began.</summary>
    public static HeadraceException FormForeign() =>
        new(
            "HDR-617",
            "The form was made before this server began, or elsewhere; nothing was done.",
            "load the page again"
        );

    /// <summary>The error that another process met, as it told it.</summary>
    public static HeadraceException Told(RunError error) =>
        new(error.Code, error.What, error.Next) { Facts = error.Facts };
}
