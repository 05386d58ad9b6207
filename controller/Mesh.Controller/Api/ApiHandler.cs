using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.Controller.Access;
using Mesh.Controller.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Mesh.Controller.Api;

/// <summary>Every request of the resource API comes in here: who is it, what is asked, may they, and what went wrong.</summary>
internal sealed class ApiHandler(Authenticator authenticator, ApiRouter router, ApiLimits limits, ApiLog log, ControllerMetrics metrics)
{
    public async Task HandleAsync(HttpContext http)
    {
        var failure = await TryServeAsync(http);
        if (failure is not null && !http.Response.HasStarted)
            await WriteFailureAsync(http, failure);

        metrics.Request(http.Request.Method, http.Response.StatusCode);
    }

    private async Task<ApiException?> TryServeAsync(HttpContext http)
    {
        var (method, path) = (http.Request.Method, http.Request.Path.Value ?? "/");
        try
        {
            if (path is "/healthz" or "/livez" or "/readyz")
            {
                await http.Response.WriteAsync("ok");
                return null;
            }

            var user = authenticator.Find(http.Request) ?? throw ApiException.Unauthorized();
            await router.RouteAsync(new ApiCall(http, user, limits), method, path.Split('/', StringSplitOptions.RemoveEmptyEntries));
            if (!HttpMethods.IsGet(method))
                log.Changed(user.Name, method, path, http.Response.StatusCode);
            return null;
        }
        catch (ApiException failure)
        {
            if (failure.Code is 401 or 403)
                log.Refused(http.Connection.RemoteIpAddress?.ToString() ?? "unknown", method, path, failure.Message);
            return failure;
        }
        catch (BadHttpRequestException malformed)
        {
            return malformed.StatusCode == StatusCodes.Status413PayloadTooLarge ? ApiException.TooLarge(limits.BodyBytes) : ApiException.BadRequest(malformed.Message);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception unexpected)
        {
            log.Failed(method, path, unexpected);
            return new ApiException(500, "InternalError", "the controller failed to serve the request; its log says why");
        }
    }

    private static async Task WriteFailureAsync(HttpContext http, ApiException failure)
    {
        http.Response.Clear();
        http.Response.StatusCode = failure.Code;
        http.Response.ContentType = "application/json";
        if (failure.Code == 401)
            http.Response.Headers.WWWAuthenticate = "Bearer";
        await http.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes<JsonNode>(StatusDocument.Failure(failure)), http.RequestAborted);
    }
}
