using System.Security.Cryptography;
using Google.Protobuf;
using Mesh.Control.Keys;
using Mesh.Control.Link;
using Mesh.Control.State;
using Mesh.Protocol.Grpc;
using Mesh.Protocol.Identity;
using Mesh.Protocol.State;

namespace Mesh.Control.Identity;

/// <summary>The machine's own certificate: loaded from disk, otherwise got with the join token, renewed at half of its life over the
/// connection that it has opened. On the control loop.</summary>
public sealed class NodeIdentity(
    NodeIdentityConfig config, IStateStore store, IKeyFactory keys, IControllerConnector connector, TimeProvider time, Random random, ControlLog log)
{
    private const string StateName = "node/certificate";
    private const string PendingName = "node/pending";
    private static readonly TimeSpan joinTimeout = TimeSpan.FromSeconds(20);

    private DateTimeOffset renewAt;

    public NodeIdentityConfig Config => config;

    /// <summary>The certificate in force; null before joining, and an expired one is still here until it is replaced.</summary>
    public HeldCertificate? Current { get; private set; }

    public bool NeedsRenewal => Current is not null && time.GetUtcNow() >= renewAt;

    /// <summary>A valid certificate: the one in force, the one on disk, or a new one for the join token.</summary>
    /// <exception cref="GrpcException">The controller refuses or cannot be reached.</exception>
    /// <exception cref="NodeNotJoinedException">There is neither certificate nor token.</exception>
    public async Task<HeldCertificate> GetAsync()
    {
        if (Current is null) await LoadAsync();
        if (Current is { } current && current.IsValid(time.GetUtcNow())) return current;
        return await JoinAsync();
    }

    /// <summary>Asks for a successor of the certificate in force, with a new key.</summary>
    /// <exception cref="GrpcException">Refused or broken off; the old one stays.</exception>
    public async Task RenewAsync(IGrpcTransport controller)
    {
        var key = await keys.CreateAsync();
        var request = new SignRequest { Identity = Current!.Uri, Csr = ByteString.CopyFrom(key.Request) };
        var response = await GrpcClient.UnaryAsync(controller, GrpcMethods.SignCertificate, request, joinTimeout, time);
        await AdoptAsync(Read(Current.Uri, key.Pkcs8, response.CertificateChain, response.TrustRoots));
        log.Information(3001, $"the certificate of node {config.Node} was renewed, valid until {Current.NotAfter:u}");
    }

    /// <summary>New trust roots for the certificate in force.</summary>
    public Task TrustAsync(IReadOnlyList<byte[]> roots) =>
        Current is null || SameRoots(roots, Current.Roots) ? Task.CompletedTask : AdoptAsync(Current with { Roots = roots });

    internal static bool SameRoots(IReadOnlyList<byte[]> a, IReadOnlyList<byte[]> b) =>
        a.Count == b.Count && a.All(root => b.Any(other => other.AsSpan().SequenceEqual(root)));

    private async Task LoadAsync()
    {
        try
        {
            if (await store.ReadAsync(StateName) is not { } stored) return;
            var held = HeldCertificate.Open(stored);
            if (!held.Uri.EndsWith("/node/" + config.Node, StringComparison.Ordinal))
            {
                log.Warning(3002, $"the stored certificate is for {held.Uri}, this node is now '{config.Node}': joining anew");
                return;
            }
            Use(held);
        }
        catch (Exception error) when (error is CryptographicException or IOException)
        {
            log.Warning(3003, $"the stored node certificate cannot be used ({error.Message}): joining anew");
        }
    }

    private async Task<HeldCertificate> JoinAsync()
    {
        string token = config.ReadJoinToken()
            ?? throw new NodeNotJoinedException(
                $"node '{config.Node}' has no valid certificate and no join token: meshctl token create, then set trust.joinTokenFile");
        // The same request again after a lost answer is the same use of the token, also after a restart of this process.
        var key = await PendingKeyAsync();
        var request = new JoinRequest { Node = config.Node, Version = config.Version, Csr = ByteString.CopyFrom(key.Request) };
        request.Addresses.AddRange(config.Addresses.Select(static address => ByteString.CopyFrom(address.ToBytes())));
        var response = await CallJoinAsync(token, request);
        var joined = Read($"spiffe://{response.TrustDomain}/node/{config.Node}", key.Pkcs8, response.CertificateChain, response.TrustRoots);
        await AdoptAsync(joined);
        await store.DeleteAsync(PendingName);
        log.Information(3000, $"node {config.Node} joined trust domain {response.TrustDomain}, certificate valid until {joined.NotAfter:u}");
        return joined;
    }

    private async Task<JoinResponse> CallJoinAsync(string token, JoinRequest request)
    {
        try
        {
            await using var channel = await connector.ConnectAsync(certificate: null, config.JoinRoots);
            var metadata = new GrpcMetadata().Add("authorization", "Bearer " + token);
            return await GrpcClient.UnaryAsync(channel, GrpcMethods.Join, request, joinTimeout, time, metadata);
        }
        catch (IOException error)
        {
            throw new GrpcException(GrpcStatusCode.Unavailable, error.Message, error);
        }
    }

    private async Task<SigningKey> PendingKeyAsync()
    {
        try
        {
            if (await store.ReadAsync(PendingName) is { } stored)
            {
                var pending = HeldCertificate.OpenStored(stored);
                return new SigningKey(pending.Key.ToByteArray(), pending.Request.ToByteArray());
            }
        }
        catch (Exception error) when (error is CryptographicException or IOException)
        {
            log.Warning(3003, $"the stored key of an unanswered join cannot be used: {error.Message}");
        }
        var key = await keys.CreateAsync();
        var record = new StoredCertificate { Key = ByteString.CopyFrom(key.Pkcs8), Request = ByteString.CopyFrom(key.Request) };
        await store.WriteAsync(PendingName, StateEnvelope.Seal(record.ToByteArray()));
        return key;
    }

    private static HeldCertificate Read(string uri, byte[] key, IEnumerable<ByteString> chain, IEnumerable<ByteString> roots)
    {
        try
        {
            return HeldCertificate.Create(
                uri, key, [.. chain.Select(static der => der.ToByteArray())], [.. roots.Select(static der => der.ToByteArray())]);
        }
        catch (Exception error) when (error is CryptographicException or System.Formats.Asn1.AsnContentException)
        {
            throw new GrpcException(GrpcStatusCode.Internal, $"the controller answered with a certificate that cannot be used: {error.Message}", error);
        }
    }

    private async Task AdoptAsync(HeldCertificate held)
    {
        Use(held);
        await store.WriteAsync(StateName, held.Seal());
    }

    private void Use(HeldCertificate held)
    {
        Current = held;
        renewAt = held.RenewAt(random);
    }
}

/// <summary>The machine cannot prove who it is. The message says what to do.</summary>
public sealed class NodeNotJoinedException(string reason) : Exception(reason);
