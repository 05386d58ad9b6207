using System.Text.Json.Nodes;

namespace Mesh.Ctl.Commands;

internal static class TokenCommand
{
    /// <summary>Prints the token alone on stdout, so that it can go into a file.</summary>
    public static async Task<int> CreateAsync(Session session, string? ttl, string? node, int uses)
    {
        var wish = new JsonObject { ["uses"] = uses };
        if (ttl is not null)
            wish["ttl"] = ttl;
        if (node is not null)
            wish["node"] = node;

        var answer = await session.Client.SendAsync(HttpMethod.Post, "/apis/mesh.internal/v1/jointokens", wish);
        session.Output.WriteLine(answer["token"]);
        session.Errors.WriteLine($"expires {answer["expires"]}; write it to the file that trust.joinTokenFile of meshd.yaml names");
        return ExitCodes.Fine;
    }
}
