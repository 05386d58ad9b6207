using Microsoft.AspNetCore.Http;

namespace Mesh.Controller.Telemetry;

/// <summary>/metrics, and readiness: the listener starts last and stops first, so an answer means that everything else runs.</summary>
internal sealed class MetricsPages(ControllerMetrics metrics)
{
    public Task HandleAsync(HttpContext http)
    {
        if (!HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return Task.CompletedTask;
        }

        switch (http.Request.Path.Value)
        {
            case "/metrics":
                http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
                return http.Response.WriteAsync(metrics.Write());
            case "/readyz" or "/livez" or "/healthz":
                return http.Response.WriteAsync("ok");
            default:
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
        }
    }
}
