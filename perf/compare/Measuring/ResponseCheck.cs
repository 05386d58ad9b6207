using Mesh.Compare.Candidates;
using Mesh.Kit.Machines;

namespace Mesh.Compare.Measuring;

/// <summary>Every candidate does the same work: before it is measured, its response is compared with the backend's file.</summary>
internal static class ResponseCheck
{
    private static readonly TimeSpan bound = TimeSpan.FromSeconds(20);

    /// <summary>Waits for the first response, which may take as long as a start, and checks status, announced length and body.</summary>
    public static Task AnswersAsync(Candidate candidate, Backend backend, string file) => AnswersAsync(candidate, backend, file, []);

    /// <param name="arguments">More for curl.</param>
    public static async Task AnswersAsync(Candidate candidate, Backend backend, string file, string[] arguments)
    {
        string answer = Path.Combine(backend.Folder, $"answer-{candidate.Name}"), url = $"{candidate.Origin}/{file}";
        string last = "";
        await Until.TrueAsync($"{candidate.Name} answers on {url}", bound, async () =>
        {
            var result = await candidate.From.RunAsync(["curl", "-fsS", "--max-time", "5", "-o", answer, "-w", "%{http_code} %header{content-length}", .. arguments, url]);
            last = result.Output + result.Error;
            return result.Ok;
        }, () => last);
        long length = new FileInfo(backend.File(file)).Length;
        if (last != $"200 {length}") throw new InvalidOperationException($"{url} answered status and length {last} instead of 200 {length}");
        byte[] body = await File.ReadAllBytesAsync(answer), wanted = await File.ReadAllBytesAsync(backend.File(file));
        if (!body.AsSpan().SequenceEqual(wanted)) throw new InvalidOperationException($"{url} answered another body");
    }
}
