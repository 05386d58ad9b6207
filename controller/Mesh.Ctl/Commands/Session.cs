using Mesh.Ctl.Client;

namespace Mesh.Ctl.Commands;

/// <summary>What every command has: the controller, and where to write.</summary>
internal sealed class Session(ApiClient client, TextWriter output, TextWriter errors) : IDisposable
{
    private IReadOnlyList<ResourceType>? types;

    public ApiClient Client { get; } = client;

    public TextWriter Output { get; } = output;

    public TextWriter Errors { get; } = errors;

    /// <exception cref="UsageException">The controller knows no such kind.</exception>
    public async Task<ResourceType> TypeAsync(string text)
    {
        types ??= await ResourceType.DiscoverAsync(Client);
        return types.FirstOrDefault(type => type.Answers(text.ToLowerInvariant()))
            ?? throw new UsageException($"unknown kind \"{text}\"; the controller has {string.Join(", ", types.Select(type => type.Plural).Distinct())}");
    }

    /// <returns>Null when the controller knows no such kind or version.</returns>
    public async Task<ResourceType?> TypeAsync(string apiVersion, string kind)
    {
        types ??= await ResourceType.DiscoverAsync(Client);
        return types.FirstOrDefault(type => type.GroupVersion == apiVersion && type.Kind == kind);
    }

    public void Dispose() => Client.Dispose();
}
