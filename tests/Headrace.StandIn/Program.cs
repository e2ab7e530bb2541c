using Headrace.StandIn;

// By hand: PGPASSWORD=… dotnet Headrace.StandIn.dll SERVER-PORT USER [FOLDER [S3-ENDPOINT]], then psql at the port that
// it names.
if (args.Length < 2)
{
    await Console.Error.WriteLineAsync(
        "Usage: PGPASSWORD=… dotnet Headrace.StandIn.dll SERVER-PORT USER [FOLDER [S3-ENDPOINT]]"
    );
    return 2;
}

var settings = new StandInSettings { FolderRoot = args.ElementAtOrDefault(2), S3Endpoint = args.ElementAtOrDefault(3) };
await using var standIn = await RedshiftStandIn.StartAsync(
    "127.0.0.1",
    int.Parse(args[0]),
    args[1],
    Environment.GetEnvironmentVariable("PGPASSWORD") ?? "",
    settings
);
Console.WriteLine(
    $"Listening on 127.0.0.1:{standIn.Port}; COPY and UNLOAD want IAM_ROLE '{settings.IamRole}'. Interrupt to end."
);
var ended = new TaskCompletionSource();
Console.CancelKeyPress += (_, interrupt) =>
{
    interrupt.Cancel = true;
    ended.TrySetResult();
};
await ended.Task;
return 0;
