using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mesh.Ctl.Client;

/// <summary>The resource API over HTTPS, trusting the kubeconfig's authority only.</summary>
internal sealed class ApiClient : IDisposable
{
    public const string Table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

    private static readonly TimeSpan connectTimeout = TimeSpan.FromSeconds(10);

    private readonly HttpClient http;
    private readonly X509Certificate2Collection roots = [];

    public ApiClient(Kubeconfig config)
    {
        var handler = new SocketsHttpHandler { ConnectTimeout = connectTimeout };
        if (config.AuthorityPem is { } pem)
        {
            roots.ImportFromPem(pem);
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }

        if (config is { CertificatePem: { } certificate, KeyPem: { } key })
            handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPem(certificate, key)];

        http = new HttpClient(handler) { BaseAddress = config.Server, Timeout = Timeout.InfiniteTimeSpan };
        if (config.Token is { } token)
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        Namespace = config.Namespace;
        Server = config.Server;
    }

    public string Namespace { get; }

    public Uri Server { get; }

    public Task<JsonObject> GetAsync(string path, string? accept = null) => SendAsync(HttpMethod.Get, path, null, null, accept);

    /// <param name="warn">Takes each Warning of the answer.</param>
    /// <exception cref="ApiFailure">Refused or not reachable.</exception>
    public async Task<JsonObject> SendAsync(HttpMethod method, string path, JsonNode? body, string? contentType = null, string? accept = null, Action<string>? warn = null)
    {
        using var response = await OpenAsync(method, path, body, contentType, accept);
        if (warn is not null && response.Headers.TryGetValues("Warning", out var warnings))
        {
            foreach (var warning in warnings)
                warn(Unquote(warning));
        }

        return JsonNode.Parse(await response.Content.ReadAsStringAsync()) as JsonObject ?? [];
    }

    /// <summary>Events of a watch until the controller ends it.</summary>
    public async IAsyncEnumerable<JsonObject> WatchAsync(string path, string accept)
    {
        using var response = await OpenAsync(HttpMethod.Get, path, null, null, accept);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await reader.ReadLineAsync() is { } line)
        {
            if (JsonNode.Parse(line) is JsonObject happened)
                yield return happened;
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<HttpResponseMessage> OpenAsync(HttpMethod method, string path, JsonNode? body, string? contentType, string? accept)
    {
        using var request = new HttpRequestMessage(method, path);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        if (body is not null)
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, contentType ?? "application/json");

        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            throw new ApiFailure(0, $"controller {Server} cannot be reached: {failure.InnerException?.Message ?? failure.Message}; is it running, and is the kubeconfig its own?");
        }

        if (response.IsSuccessStatusCode)
            return response;

        using (response)
            throw await FailureAsync(response);
    }

    private static async Task<ApiFailure> FailureAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        try
        {
            if (JsonNode.Parse(text) is JsonObject status && status["message"]?.ToString() is { } message)
                return new ApiFailure((int)response.StatusCode, message, status);
        }
        catch (JsonException)
        {
            // not a Status; the code says enough
        }

        return new ApiFailure((int)response.StatusCode, $"the server answered {(int)response.StatusCode} {response.ReasonPhrase}");
    }

    private static string Unquote(string warning)
    {
        var start = warning.IndexOf('"');
        return start < 0 ? warning : warning[(start + 1)..].TrimEnd('"').Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);
    }
}
