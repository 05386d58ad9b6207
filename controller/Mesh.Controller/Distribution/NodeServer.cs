using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Mesh.Controller.Identity;
using Mesh.Protocol.Grpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.Controller.Distribution;

/// <summary>The gRPC listener for nodes: TLS 1.3, HTTP/2 only. A client certificate is asked for and, when presented, must be one of the
/// authority's; calls that need one refuse to go on without.</summary>
internal sealed class NodeServer : IAsyncDisposable
{
    private const string GrpcContentType = "application/grpc";

    private readonly WebApplication app;
    private readonly NodeServices services;

    private NodeServer(WebApplication app, NodeServices services) => (this.app, this.services) = (app, services);

    /// <summary>Where it listens, a port of zero resolved.</summary>
    public IPEndPoint Address { get; private set; } = new(IPAddress.None, 0);

    /// <exception cref="IOException">The address is taken or not of this machine.</exception>
    public static async Task<NodeServer> StartAsync(
        IPEndPoint listen, ServerCertificateSource certificates, CertificateAuthority authority, NodeServices services, TimeProvider time, ILoggerFactory logs)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logs);
        var handshake = new Handshake(certificates, new PeerCertificate(authority, time), services.Log);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(options => Configure(options, listen, handshake));
        var app = builder.Build();
        var server = new NodeServer(app, services);
        app.Run(server.HandleAsync);
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
        var bound = new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        server.Address = new IPEndPoint(listen.Address, bound.Port);
        return server;
    }

    /// <summary>Ends the streams, so that nodes look for another controller at once, then the listener.</summary>
    public async ValueTask DisposeAsync()
    {
        services.Stop();
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private static void Configure(KestrelServerOptions options, IPEndPoint listen, Handshake handshake)
    {
        options.AddServerHeader = false;
        // Streams are silent for hours: rates say nothing about them, and pings find dead peers.
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        options.Limits.MaxRequestBodySize = null;
        options.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(10);
        options.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
        options.Limits.Http2.MaxStreamsPerConnection = 100;
        options.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        options.Listen(listen, listener =>
        {
            listener.Protocols = HttpProtocols.Http2;
            listener.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = handshake.ConfigureAsync, HandshakeTimeout = TimeSpan.FromSeconds(10) });
        });
    }

    private async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Method != HttpMethods.Post)
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }
        if (context.Request.ContentType?.StartsWith(GrpcContentType, StringComparison.OrdinalIgnoreCase) != true)
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }
        context.Response.ContentType = GrpcContentType;
        var certificate = context.Connection.ClientCertificate;
        var status = await services.Router.HandleAsync(new KestrelGrpcCall(context, certificate is null ? null : PeerCertificate.Uri(certificate)));
        if (context.RequestAborted.IsCancellationRequested) return;
        context.Response.AppendTrailer("grpc-status", ((int)status.Code).ToString());
        if (status.Message.Length > 0) context.Response.AppendTrailer("grpc-message", GrpcMessageText.Encode(status.Message));
    }

    /// <summary>Decides each TLS handshake. No resumption: a resumed session would not show its certificate again.</summary>
    private sealed class Handshake(ServerCertificateSource certificates, PeerCertificate peers, DistributionLog log)
    {
        public ValueTask<SslServerAuthenticationOptions> ConfigureAsync(TlsHandshakeCallbackContext context)
        {
            string peer = context.Connection.RemoteEndPoint?.ToString() ?? "unknown";
            return new(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificates.Current,
                EnabledSslProtocols = SslProtocols.Tls13,
                ApplicationProtocols = [SslApplicationProtocol.Http2],
                ClientCertificateRequired = true,
                CertificateChainPolicy = peers.Policy(),
                AllowTlsResume = false,
                RemoteCertificateValidationCallback = (_, certificate, chain, _) => IsAccepted(certificate, chain, peer),
            });
        }

        private bool IsAccepted(X509Certificate? certificate, X509Chain? chain, string peer)
        {
            if (certificate is not X509Certificate2 presented) return certificate is null;
            string? reason = peers.Refuse(presented, chain?.ChainPolicy.ExtraStore ?? []);
            if (reason is not null) log.ClientRefused(peer, $"certificate '{PeerCertificate.Uri(presented)}': {reason}");
            return reason is null;
        }
    }
}
