using System.Security.Cryptography;
using Google.Protobuf;
using Mesh.Control.Keys;
using Mesh.Control.Link;
using Mesh.Io.Tls;
using Mesh.Protocol.Grpc;
using Mesh.Protocol.Identity;

namespace Mesh.Control.Identity;

/// <summary>Gets certificates signed. On the control loop.</summary>
public interface ICertificateSigner
{
    /// <exception cref="GrpcException">Refused, broken off, or the answer is of no use.</exception>
    Task<HeldCertificate> SignAsync(SpiffeId identity);
}

/// <summary>Makes a key and asks the controller, when there is a connection to it.</summary>
public sealed class ControllerSigner(IKeyFactory keys, Func<Task<IGrpcTransport>> connected, TimeProvider time) : ICertificateSigner
{
    /// <summary>Signing is a millisecond of work: a controller that takes longer than this is not answering.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    public ControllerSigner(IKeyFactory keys, ControllerLink link, TimeProvider time) : this(keys, link.ConnectedAsync, time)
    {
    }

    public async Task<HeldCertificate> SignAsync(SpiffeId identity)
    {
        var key = await keys.CreateAsync();
        var controller = await ConnectAsync();
        var request = new SignRequest { Identity = identity.ToString(), Csr = ByteString.CopyFrom(key.Request) };
        var response = await GrpcClient.UnaryAsync(controller, GrpcMethods.SignCertificate, request, Timeout, time);
        try
        {
            return HeldCertificate.Create(
                request.Identity,
                key.Pkcs8,
                [.. response.CertificateChain.Select(static der => der.ToByteArray())],
                [.. response.TrustRoots.Select(static der => der.ToByteArray())]);
        }
        catch (Exception error) when (error is CryptographicException or System.Formats.Asn1.AsnContentException)
        {
            throw new GrpcException(GrpcStatusCode.Internal, $"the controller answered with a certificate that cannot be used: {error.Message}", error);
        }
    }

    private async Task<IGrpcTransport> ConnectAsync()
    {
        var connection = connected();
        if (connection.IsCompletedSuccessfully) return await connection;
        using var enough = new CancellationTokenSource();
        if (await Task.WhenAny(connection, Task.Delay(Timeout, time, enough.Token)) != connection)
            throw new GrpcException(GrpcStatusCode.Unavailable, "the controller cannot be reached");
        enough.Cancel();
        return await connection;
    }
}
