using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mesh.Store;

namespace Mesh.Controller.Identity;

/// <summary>One-time passwords with which machines join. Only hashes are stored, so that a copy of the database joins nobody.
/// A token is 256 random bits; guessing is hopeless, which is why failed attempts are not counted. Thread-safe.</summary>
internal sealed class JoinTokens(ISecretStore store, TimeProvider time)
{
    public const int MaxTokens = 10_000; // about 3 MB in one stored value
    public const int MaxUses = 10_000;
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(365);

    private const string Key = "join-tokens";
    private const int TokenBytes = 32;
    private static readonly int TokenLength = Base64Url.GetEncodedLength(TokenBytes);

    // Ended tokens are remembered this long, so that their holder is told what happened rather than "unknown".
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(7);

    private readonly Lock gate = new();

    /// <param name="lifetime">How long it can be redeemed, up to <see cref="MaxLifetime"/>.</param>
    /// <param name="node">Null: any node may use it.</param>
    /// <param name="uses">How many joins it allows.</param>
    /// <returns>The token, which exists nowhere else.</returns>
    /// <exception cref="ArgumentException">An argument is out of range; the message is for the one who asked.</exception>
    public string Create(TimeSpan lifetime, string? node = null, int uses = 1)
    {
        if (lifetime <= TimeSpan.Zero || lifetime > MaxLifetime)
            throw new ArgumentException($"ttl must be more than zero and at most {MaxLifetime.TotalDays} days");
        if (uses is < 1 or > MaxUses) throw new ArgumentException($"uses must be 1 to {MaxUses}, not {uses}");
        if (node is not null && !MeshUri.IsDnsName(node)) throw new ArgumentException($"'{node}' is not the name of a node");
        string token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        lock (gate)
        {
            var now = time.GetUtcNow();
            var records = Load();
            records.RemoveAll(record => record.Expires + Remembered < now);
            if (records.Count >= MaxTokens) throw new ArgumentException($"there are {records.Count} join tokens already: let some expire first");
            records.Add(new JoinTokenRecord(Hash(token), now, now + lifetime, node, uses, []));
            Save(records);
        }
        return token;
    }

    /// <summary>Counts one use. A node whose answer was lost asks again with the same request: that is the same use.</summary>
    /// <param name="request">The node's certificate signing request.</param>
    /// <exception cref="JoinTokenException">Unknown, expired, used up, or made for another node.</exception>
    public void Redeem(string token, string node, ReadOnlySpan<byte> request)
    {
        if (token.Length != TokenLength) throw new JoinTokenException(JoinTokenProblem.Unknown, "the join token is not complete: copy it whole");
        lock (gate)
        {
            var records = Load();
            var record = Find(records, Hash(token));
            string requestHash = Convert.ToHexStringLower(SHA256.HashData(request));
            if (!Check(record, node, requestHash)) return;
            record.Uses.Add(new JoinTokenUse(node, requestHash, time.GetUtcNow()));
            Save(records);
        }
    }

    /// <returns>False when this very request used the token already.</returns>
    private bool Check(JoinTokenRecord record, string node, string requestHash)
    {
        if (time.GetUtcNow() >= record.Expires)
            throw new JoinTokenException(JoinTokenProblem.Expired, $"the join token expired at {record.Expires:u}: create a new one");
        if (record.Node is not null && record.Node != node)
            throw new JoinTokenException(JoinTokenProblem.WrongNode, $"the join token is for node '{record.Node}', not for '{node}'");
        if (record.Uses.Any(use => use.Node == node && use.RequestHash == requestHash)) return false;
        if (record.Uses.Count < record.MaxUses) return true;
        var last = record.Uses[^1];
        throw new JoinTokenException(
            JoinTokenProblem.Used, $"the join token was used already, last by node '{last.Node}' at {last.At:u}: create a new one");
    }

    private static JoinTokenRecord Find(List<JoinTokenRecord> records, string hash)
    {
        byte[] wanted = Encoding.ASCII.GetBytes(hash);
        JoinTokenRecord? found = null;
        foreach (var record in records)
        {
            if (CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(record.Hash), wanted)) found = record;
        }
        return found ?? throw new JoinTokenException(
            JoinTokenProblem.Unknown, "the join token is not known to this controller: create one with meshctl token create");
    }

    private List<JoinTokenRecord> Load() =>
        store.Get(Key) is { } stored ? JsonSerializer.Deserialize(stored, JoinTokenJson.Default.ListJoinTokenRecord)! : [];

    private void Save(List<JoinTokenRecord> records) =>
        store.Put(Key, JsonSerializer.SerializeToUtf8Bytes(records, JoinTokenJson.Default.ListJoinTokenRecord));

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
