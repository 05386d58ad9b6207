using System.Net;
using Mesh.Controller.Identity;
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

namespace Mesh.Controller.Hosting;

/// <summary>One address on which one handler answers HTTP.</summary>
internal sealed class HttpListener : IAsyncDisposable
{
    private readonly WebApplication app;

    private HttpListener(WebApplication app, IPEndPoint address) => (this.app, Address) = (app, address);

    /// <summary>Where it listens, a port of zero resolved.</summary>
    public IPEndPoint Address { get; }

    /// <param name="certificates">Null: plaintext.</param>
    /// <exception cref="IOException">The address is taken or not of this machine.</exception>
    public static async Task<HttpListener> StartAsync(IPEndPoint listen, ServerCertificateSource? certificates, long bodyBytes, RequestDelegate handler, ILoggerFactory logs)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logs);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(options => Configure(options, listen, certificates, bodyBytes));
        var app = builder.Build();
        app.Run(handler);
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
        return new HttpListener(app, new IPEndPoint(listen.Address, bound.Port));
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private static void Configure(KestrelServerOptions options, IPEndPoint listen, ServerCertificateSource? certificates, long bodyBytes)
    {
        options.AddServerHeader = false;
        options.Limits.MaxRequestBodySize = bodyBytes;
        options.Limits.MinResponseDataRate = null; // watches are silent for hours
        options.Listen(listen, listener =>
        {
            if (certificates is null)
                return;

            listener.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = _ => new(new System.Net.Security.SslServerAuthenticationOptions
                {
                    ServerCertificateContext = certificates.Current,
                    ApplicationProtocols = [System.Net.Security.SslApplicationProtocol.Http2, System.Net.Security.SslApplicationProtocol.Http11],
                }),
                HandshakeTimeout = TimeSpan.FromSeconds(10),
            });
        });
    }
}
