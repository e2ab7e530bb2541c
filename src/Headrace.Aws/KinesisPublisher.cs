using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Headrace.Aws;

/// <summary>
/// Publishes operations to a stream of Kinesis: one record per operation, not aggregated. The partition key is the
/// row's key, so a key keeps its order.
/// </summary>
public sealed class KinesisPublisher(KinesisStream stream) : IPublisher
{
    public string Address => stream.Address;

    public IPublishing Begin(Publication publication) => new Calls(stream, publication);

    private sealed class Calls(KinesisStream stream, Publication publication) : IPublishing
    {
        // Limits of PutRecords (API reference): 500 records and 5 MiB in a call (newer streams take 10 MiB), 1 MiB in a
        // record with its partition key, 256 letters in a partition key.
        private const int MostBytes = 5 << 20;
        private const int MostOfRecord = 1 << 20;
        private const int LongestKey = 256;

        public int MostOperations => 500;

        public bool KeepsWhatWasSent => true;

        // A call does not keep the order of its records: one may be refused and a later one be taken. So a call has
        // each key once; what follows of a key waits until what came before it is taken.
        public async Task<Unsent> SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> operations, CancellationToken cancel)
        {
            var (call, later, keys) = (new List<(string Key, int At)>(), new List<int>(), new HashSet<string>());
            var bytes = 0;
            for (var i = 0; i < operations.Count; i++)
            {
                var key = PartitionKey(operations[i]);
                var size = operations[i].Length + Encoding.UTF8.GetByteCount(key);
                if (size > MostOfRecord)
                    throw Error.OperationTooLarge(publication, stream.Address, size, MostOfRecord);
                if (!keys.Add(key) || bytes + size > MostBytes)
                {
                    later.Add(i);
                    continue;
                }

                call.Add((key, i));
                bytes += size;
            }

            var (refused, why) = await PutAsync(operations, call, cancel);
            later.AddRange(refused);
            later.Sort();
            return new Unsent([.. later.Select(i => operations[i])], why);
        }

        public Task CompleteAsync(CancellationToken cancel) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private async Task<(List<int> Refused, string? Why)> PutAsync(
            IReadOnlyList<ReadOnlyMemory<byte>> operations,
            List<(string Key, int At)> call,
            CancellationToken cancel
        )
        {
            try
            {
                using var answer = await stream.AskAsync(
                    "PutRecords",
                    json =>
                    {
                        json.WriteStartArray("Records");
                        foreach (var (key, at) in call)
                        {
                            json.WriteStartObject();
                            json.WriteBase64String("Data", operations[at].Span);
                            json.WriteString("PartitionKey", key);
                            json.WriteEndObject();
                        }

                        json.WriteEndArray();
                    },
                    cancel
                );
                return Refused(answer.RootElement, call);
            }
            catch (AwsRefusal refusal) when (refusal.IsTransient)
            {
                // Whether the call arrived is not known; the ids tell consumers of what comes twice.
                return ([.. call.Select(one => one.At)], refusal.Message);
            }
            catch (AwsRefusal refusal)
            {
                throw Error.PublishFailed(publication, stream.Address, refusal, isTransient: false);
            }
        }

        // An answer of 200 may have refused some; its records are in the order of those that were sent.
        private (List<int> Refused, string? Why) Refused(JsonElement answer, List<(string Key, int At)> call)
        {
            List<int> refused = [];
            string? why = null;
            if (
                !answer.TryGetProperty("Records", out var records)
                || records.ValueKind != JsonValueKind.Array
                || records.GetArrayLength() != call.Count
            )
                throw Error.PublishFailed(
                    publication,
                    stream.Address,
                    new InvalidDataException("an answer that does not say of each record what became of it"),
                    isTransient: true
                );
            foreach (var (record, (_, at)) in records.EnumerateArray().Zip(call))
                if (record.TryGetProperty("ErrorCode", out var code) && code.ValueKind == JsonValueKind.String)
                {
                    refused.Add(at);
                    why ??= $"{code.GetString()} {(record.TryGetProperty("ErrorMessage", out var text) ? text : "")}";
                }

            return (refused, why?.Trim());
        }

        // The key as the operation has it, without a name for one column and with names for several; what is too long
        // is a digest.
        private static string PartitionKey(ReadOnlyMemory<byte> operation)
        {
            var reader = new Utf8JsonReader(operation.Span);
            while (reader.Read())
                if (reader.CurrentDepth == 1 && reader.ValueTextEquals("key"u8))
                {
                    reader.Read();
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    var key = Encoding.UTF8.GetString(operation.Span[start..(int)reader.BytesConsumed]);
                    return key.Length <= LongestKey
                        ? key
                        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
                }

            throw Error.Bug("An operation without a key reached the stream.");
        }
    }
}
