using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Packaging;

/// <summary>What "make package" leaves, judged by the tools that will read it.</summary>
public sealed class ArtifactTests
{
    [Fact]
    public async Task Manifests_render_and_name_one_image()
    {
        string manifests = await Shell.MustAsync($"kubectl kustomize {Repository.Root}/packaging/kubernetes");
        string[] kinds = [.. Regex.Matches(manifests, "(?m)^kind: (.*)$").Select(match => match.Groups[1].Value)];
        foreach (string kind in new[] { "Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "DaemonSet", "Deployment", "Service", "ConfigMap" })
            Assert.Contains(kind, kinds);
        string version = Regex.Match(File.ReadAllText(Path.Combine(Repository.Root, "Directory.Build.props")), "<Version>(.*)</Version>").Groups[1].Value;
        var images = Regex.Matches(manifests, @"(?m)^\s*image: (.*)$").Select(match => match.Groups[1].Value).Distinct();
        Assert.Equal([$"mesh:{version}"], images);
    }

    [Fact]
    public async Task The_image_is_a_valid_layout_and_its_programs_run_with_nothing_else()
    {
        string output = (await Shell.RunAsync([Path.Combine(Repository.Root, "packaging/oci/build")], bound: TimeSpan.FromMinutes(3))).Must().Output;
        string archive = Path.Combine(Repository.Root, output.Split(':')[0]);
        var folder = Directory.CreateTempSubdirectory("mesh-image-");
        try
        {
            await Shell.MustAsync($"tar -C {folder.FullName} -xf {archive}");
            var index = Read(folder.FullName, "index.json");
            var manifest = ReadBlob(folder.FullName, index["manifests"]![0]!);
            ReadBlob(folder.FullName, manifest["config"]!);
            string layer = CheckBlob(folder.FullName, manifest["layers"]![0]!);
            string root = folder.CreateSubdirectory("root").FullName;
            await Shell.MustAsync($"tar -C {root} -xzf {layer}");
            await RunsInsideAsync(root);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task RunsInsideAsync(string root)
    {
        Directory.CreateDirectory(Path.Combine(root, "proc"));
        foreach (string program in new[] { "meshd", "mesh-controller", "mesh-cni", "meshctl" })
        {
            var result = await Shell.RunAsync(["unshare", "--mount", "sh", "-c", $"mount -t proc proc {root}/proc && exec chroot {root} /usr/bin/{program} --version"]);
            Assert.True(result.Ok && result.Output.Any(char.IsAsciiDigit), result.ToString());
        }
        var rules = await Shell.RunAsync($"chroot {root} /usr/sbin/iptables-restore --version");
        Assert.True(rules.Ok, rules.ToString());
    }

    private static JsonNode Read(string folder, string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, file)))!;

    private static JsonNode ReadBlob(string folder, JsonNode descriptor) => JsonNode.Parse(File.ReadAllText(CheckBlob(folder, descriptor)))!;

    /// <returns>The file, whose size and digest are those of its descriptor.</returns>
    private static string CheckBlob(string folder, JsonNode descriptor)
    {
        string digest = (string)descriptor["digest"]!;
        string file = Path.Combine(folder, "blobs", digest.Replace(':', '/'));
        byte[] content = File.ReadAllBytes(file);
        Assert.Equal((long)descriptor["size"]!, content.Length);
        Assert.Equal(digest, $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}");
        return file;
    }
}
