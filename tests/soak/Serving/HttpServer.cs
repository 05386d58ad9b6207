using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using HttpProtocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols;

namespace Mesh.Soak.Serving;

/// <summary>HTTP by a server that was not written here: HTTP/1.1 with WebSocket on one port, HTTP/2 with prior knowledge on another.</summary>
internal static class HttpServer
{
    public static async Task<WebApplication> StartAsync(Complaints complaints)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Any, Ports.Http1, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Any, Ports.Http2, listen => listen.Protocols = HttpProtocols.Http2);
        });
        var application = builder.Build();
        application.UseWebSockets();
        application.Run(context => HandleAsync(context, complaints));
        await application.StartAsync();
        return application;
    }

    private static async Task HandleAsync(HttpContext context, Complaints complaints)
    {
        try
        {
            if (context.WebSockets.IsWebSocketRequest) await SocketApplication.HandleAsync(context);
            else if (context.Request.Path.StartsWithSegments("/soak.Echo")) await GrpcApplication.HandleAsync(context, complaints);
            else await BodyApplication.HandleAsync(context, complaints);
        }
        catch (Exception error) when (error is IOException or BadHttpRequestException or OperationCanceledException)
        {
            context.Abort();
        }
    }
}
