/**
 * Checks the manifests of deploy/ against the Kubernetes types and against what the program is configured to
 * do.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DaemonSet } from 'kubernetes-types/apps/v1.d.ts'
import type { Container, PodSpec, Service, VolumeMount } from 'kubernetes-types/core/v1.d.ts'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.d.ts'
import { loadConfig } from '../../src/config.ts'
import {
  checkManifests,
  hasKubectl,
  type Manifest,
  readManifests,
  renderManifests,
} from '../support/manifests.ts'
import { readSources, readText } from '../support/source-tree.ts'

const overlays = ['crio', 'one-node', 'token']
const kubectl = hasKubectl()
const noKubectl = kubectl ? false : 'kubectl is not installed'

function daemonSetOf(manifests: readonly Manifest[]): DaemonSet {
  const found = manifests.find((manifest) => manifest.kind === 'DaemonSet')
  assert.ok(found, 'a DaemonSet')
  return found as DaemonSet
}

function podOf(manifests: readonly Manifest[]): PodSpec {
  const pod = daemonSetOf(manifests).spec?.template.spec
  assert.ok(pod)
  return pod
}

function mainContainer(manifests: readonly Manifest[]): Container {
  const container = podOf(manifests).containers[0]
  assert.ok(container)
  return container
}

function servicesOf(manifests: readonly Manifest[]): Service[] {
  return manifests.filter((manifest) => manifest.kind === 'Service') as Service[]
}

/**
 * What the program makes of the image's and the manifest's variables. Values from the pod itself get
 * examples.
 */
function configOf(container: Container): ReturnType<typeof loadConfig> {
  const examples: Record<string, string> = { 'spec.nodeName': 'node-1', 'metadata.namespace': 'logkeep' }
  const fromManifest = (container.env ?? []).map(({ name, value, valueFrom }) => {
    const text = value ?? examples[valueFrom?.fieldRef?.fieldPath ?? '']
    assert.ok(text !== undefined, `${name} has a value`)
    return [name, text]
  })
  return loadConfig({ ...imageEnvironment(), ...Object.fromEntries(fromManifest) })
}

function imageEnvironment(): Record<string, string> {
  const [, block] = /^ENV ((?:.*\\\n)*.*)$/m.exec(readText('Dockerfile')) ?? []
  const pairs = (block ?? '').replaceAll('\\\n', ' ').trim().split(/\s+/)
  return Object.fromEntries(pairs.map((pair) => pair.split('=', 2)))
}

/** The mount that holds a path: the longest mount path above it. */
function mountOf(container: Container, path: string): VolumeMount | undefined {
  return (container.volumeMounts ?? [])
    .filter((mount) => path === mount.mountPath || path.startsWith(`${mount.mountPath}/`))
    .toSorted((a, b) => b.mountPath.length - a.mountPath.length)[0]
}

function hostPathOf(pod: PodSpec, volume: string | undefined): string | undefined {
  return pod.volumes?.find((candidate) => candidate.name === volume)?.hostPath?.path
}

function checkAgainstConfig(manifests: readonly Manifest[]): void {
  const pod = podOf(manifests)
  const container = mainContainer(manifests)
  const config = configOf(container)
  for (const folder of [config.logRoot, ...config.linkRoots]) {
    const mount = mountOf(container, folder)
    assert.equal(mount?.readOnly, true, `${folder} is mounted read-only`)
    assert.equal(hostPathOf(pod, mount?.name), mount?.mountPath, `${folder} has the same path as on the host`)
  }
  const data = mountOf(container, config.dataDir)
  assert.ok(data && data.readOnly !== true, `${config.dataDir} is mounted writable`)
  const init = pod.initContainers?.[0]
  assert.ok(init)
  assert.ok(
    init.volumeMounts?.some((mount) => mount.name === data.name && mount.mountPath === data.mountPath),
  )
  assert.match(
    [...(init.command ?? []), ...(init.args ?? [])].join(' '),
    new RegExp(`install -d .*${config.dataDir}`),
  )
  assert.ok(mountOf(container, '/tmp'), 'a writable /tmp beside the read-only root')
  assert.equal(container.securityContext?.readOnlyRootFilesystem, true)
  const ports = container.ports ?? []
  assert.deepEqual(
    ports.map(({ name, containerPort }) => ({ name, containerPort })),
    [{ name: 'http', containerPort: config.port }],
  )
  assert.equal(config.host, '0.0.0.0')
  assert.equal(container.readinessProbe?.httpGet?.path, '/readyz')
  assert.equal(container.livenessProbe?.httpGet?.path, '/healthz')
  for (const probe of [container.readinessProbe, container.livenessProbe])
    assert.equal(probe?.httpGet?.port, 'http')
  const services = servicesOf(manifests)
  assert.deepEqual(
    services.map((service) => service.metadata?.name),
    config.serviceNames,
  )
  for (const service of services) assert.equal(service.spec?.ports?.[0]?.targetPort, 'http')
  assert.equal(config.podNamespace, 'logkeep')
  assert.equal(config.nodeName, 'node-1')
}

function checkPodRules(manifests: readonly Manifest[]): void {
  const pod = podOf(manifests)
  assert.equal(pod.enableServiceLinks, false)
  assert.equal(pod.automountServiceAccountToken, false)
  for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
    assert.equal(container.imagePullPolicy, 'IfNotPresent')
    assert.match(container.image ?? '', /:\d+\.\d+\.\d+$/, 'a version, never latest')
    assert.deepEqual(container.securityContext?.capabilities?.drop, ['ALL'])
    assert.equal(container.securityContext?.allowPrivilegeEscalation, false)
  }
  const main = mainContainer(manifests)
  assert.deepEqual(main.resources?.requests?.['memory'], '128Mi')
  assert.deepEqual(main.resources?.limits?.['memory'], '384Mi')
}

test('S-DEPLOY-01 a planted mistake in a manifest is found: an unknown field, a wrong type, a missing field', () => {
  const plant = (
    change: (container: Record<string, unknown>, spec: Record<string, unknown>) => void,
  ): string[] => {
    const [daemonSet] = structuredClone([daemonSetOf(readManifests('deploy/base'))])
    assert.ok(daemonSet)
    change(
      mainContainer([daemonSet]) as unknown as Record<string, unknown>,
      daemonSet.spec as unknown as Record<string, unknown>,
    )
    return checkManifests([daemonSet])
  }
  assert.deepEqual(
    plant(() => undefined),
    [],
  )
  assert.match(
    plant((container) => Object.assign(container, { imagePulPolicy: 'Always' })).join(),
    /imagePulPolicy/,
  )
  assert.match(
    plant((container) => Object.assign(container, { tty: 'false' })).join(),
    /'string' is not assignable/,
  )
  assert.match(plant((container) => delete container['name']).join(), /'name' is missing/)
  assert.match(plant((_, spec) => delete spec['selector']).join(), /'selector' is missing/)
})

test('S-DEPLOY-02 the manifests as they lie fit the Kubernetes types', () => {
  assert.deepEqual(
    checkManifests([...readManifests('deploy/base'), ...readManifests('deploy/overlays/one-node')]),
    [],
  )
})

test('S-DEPLOY-03 the rendered base fits the Kubernetes types, the configuration and the rules', {
  skip: noKubectl,
}, () => {
  const manifests = renderManifests('deploy')
  assert.deepEqual(checkManifests(manifests), [])
  checkAgainstConfig(manifests)
  checkPodRules(manifests)
  const namespace = manifests.find((manifest) => manifest.kind === 'Namespace')
  assert.equal(namespace?.metadata?.labels?.['pod-security.kubernetes.io/enforce'], 'privileged')
  const [service, headless] = servicesOf(manifests)
  assert.equal(service?.spec?.sessionAffinity, 'ClientIP')
  assert.equal(headless?.spec?.clusterIP, 'None')
  const container = mainContainer(manifests)
  assert.equal(container.securityContext?.runAsUser, 1000)
  assert.equal(container.securityContext?.runAsGroup, 0)
  assert.equal(hostPathOf(podOf(manifests), 'data'), '/var/lib/logkeep')
})

test('S-DEPLOY-04 every overlay renders and keeps to the same rules', { skip: noKubectl }, () => {
  const found = readSources('deploy/overlays/*/kustomization.yaml').map((file) => file.path.split('/')[2])
  assert.deepEqual(found, overlays)
  for (const folder of [...overlays.map((overlay) => `deploy/overlays/${overlay}`), 'deploy/monitoring']) {
    const manifests = renderManifests(folder)
    assert.deepEqual(checkManifests(manifests), [], folder)
    checkAgainstConfig(manifests)
    checkPodRules(manifests)
  }
})

test('S-DEPLOY-05 the overlays change what they are for', { skip: noKubectl }, () => {
  const oneNode = renderManifests('deploy/overlays/one-node')
  const claim = oneNode.find((manifest) => manifest.kind === 'PersistentVolumeClaim')
  const data = podOf(oneNode).volumes?.find((volume) => volume.name === 'data')
  assert.equal(data?.persistentVolumeClaim?.claimName, claim?.metadata?.name)
  assert.equal(data?.hostPath, undefined)
  const crio = mainContainer(renderManifests('deploy/overlays/crio')).securityContext
  assert.equal(crio?.runAsUser, 0)
  assert.deepEqual(crio?.capabilities?.add, ['DAC_READ_SEARCH'])
  const token = renderManifests('deploy/overlays/token')
  const file = configOf(mainContainer(token)).tokenFile
  assert.ok(file !== null)
  const mount = mountOf(mainContainer(token), file)
  const secret = podOf(token).volumes?.find((volume) => volume.name === mount?.name)?.secret
  assert.equal(secret?.secretName, 'logkeep-token')
  assert.equal(secret?.defaultMode, 0o440)
  const monitored = renderManifests('deploy/monitoring')
  assert.equal(configOf(mainContainer(monitored)).metricsOpen, true)
  const annotations = daemonSetOf(monitored).spec?.template.metadata?.annotations
  assert.equal(annotations?.['prometheus.io/path'], '/metrics')
  const policy = monitored.find((manifest) => manifest.kind === 'NetworkPolicy') as NetworkPolicy
  assert.equal(policy.spec?.ingress?.length, 2)
})

test('S-DEPLOY-06 the image is made of files that exist, runs as uid 1000 gid 0, and listens where the probes ask', () => {
  const dockerfile = readText('Dockerfile')
  assert.doesNotMatch(dockerfile, /^# *syntax=/m)
  assert.match(dockerfile, /^USER 1000:0$/m)
  assert.match(dockerfile, /^ENTRYPOINT \["\/sbin\/tini", "--"\]$/m)
  const config = loadConfig(imageEnvironment())
  assert.equal(config.host, '0.0.0.0')
  assert.equal(config.dataDir, '/data')
  assert.match(dockerfile, new RegExp(`^EXPOSE ${config.port}$`, 'm'))
  const rules = readText('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  assert.equal(rules[0], '*')
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(
    ([, list]) => list?.split(' ') ?? [],
  )
  assert.deepEqual(
    [...new Set(copied)].filter((source) => !rules.includes(`!${source}`)),
    [],
  )
  for (const source of copied) assert.ok(readSources(source, `${source}/*`).length > 0, `${source} exists`)
})

test('S-DEPLOY-07 the version is the same in the package, the manifests and the changelog', () => {
  const { version }: { version: string } = JSON.parse(readText('package.json'))
  assert.match(
    readText('deploy/base/kustomization.yaml'),
    new RegExp(`newTag: ${version.replaceAll('.', '\\.')}$`, 'm'),
  )
  assert.match(
    readText('CHANGELOG.md'),
    new RegExp(`^## \\[(Unreleased|${version.replaceAll('.', '\\.')})\\]`, 'm'),
  )
})

test('S-DEPLOY-08 the one-off trial pod of the README fits the Kubernetes types and mounts the host read-only', () => {
  const [, overrides] = /--overrides='(\{[^']*\})'/.exec(readText('README.md')) ?? []
  const { spec }: { spec: PodSpec } = JSON.parse(overrides ?? 'null')
  assert.deepEqual(checkManifests([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'trial' }, spec }]), [])
  const [container] = spec.containers
  assert.ok(container)
  const config = configOf(container)
  for (const folder of [config.logRoot, ...config.linkRoots]) {
    const mount = mountOf(container, folder)
    assert.equal(mount?.readOnly, true, `${folder} is mounted read-only`)
    assert.equal(hostPathOf(spec, mount?.name), mount?.mountPath)
  }
  assert.equal(container.image, `logkeep:${JSON.parse(readText('package.json')).version}`)
})
